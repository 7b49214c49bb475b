// Handlers of the application that throw, wait, or are called with what a client chose.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const { test } = require("node:test");

const { next, pair, serve, until } = require("./support");

const WEBSOCKET = { transports: ["websocket"] };

test("an error in a handler goes to the error listeners, and the next event is served", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  const errors = [];
  socket.on("error", (error) => errors.push(error.message));
  socket.on("throws", () => {
    throw new Error("thrown");
  });
  socket.on("rejects", async () => {
    throw new Error("rejected");
  });
  client.emit("throws");
  client.emit("rejects");
  client.emit("fine");
  await next(socket, "fine");
  await until(() => errors.length === 2);
  assert.deepEqual(errors, ["thrown", "rejected"]);
});

test("an error that nobody listens for is an uncaught exception, and others are served on", () => {
  const program = `
    const { io: connect } = require("socket.io-client");
    const { Server } = require(${JSON.stringify(require.resolve(".."))});
    const server = require("node:http").createServer();
    const io = new Server(server);
    process.on("uncaughtException", (error) => console.log("uncaught", error.message));
    io.on("connection", (socket) => {
      socket.on("throws", () => { throw new Error("thrown"); });
      socket.on("fine", (answer) => answer("served"));
    });
    server.listen(0, "127.0.0.1", async () => {
      const url = "http://127.0.0.1:" + server.address().port;
      const client = connect(url, { transports: ["websocket"] });
      client.emit("throws");
      console.log(await client.emitWithAck("fine"));
      client.disconnect();
      await io.close();
      console.log("closed");
    });
  `;
  const { stdout, stderr, status } = spawnSync(process.execPath, ["-e", program], {
    cwd: __dirname,
    encoding: "utf8",
    timeout: 10_000,
  });
  assert.deepEqual(stdout.trim().split("\n"), ["uncaught thrown", "served", "closed"], stderr);
  assert.equal(status, 0);
});

test("a packet middleware sees every event and may keep it from the listeners", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  const errors = [];
  const seen = [];
  socket.on("error", (error) => errors.push(error.message));
  socket.use((event, next) => {
    seen.push(event[0]);
    if (event[0] === "forbidden") {
      next(new Error("not you"));
    } else {
      event[1] = "changed";
      next();
    }
  });
  socket.on("forbidden", () => assert.fail("it must not come here"));
  client.emit("forbidden");
  client.emit("allowed", "x");
  assert.deepEqual(await next(socket, "allowed"), ["changed"]);
  assert.deepEqual(seen, ["forbidden", "allowed"]);
  assert.deepEqual(errors, ["not you"]);
});

test("an acknowledgement is sent once, whenever and however often it is called", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  socket.on("ask", (answer) => {
    setTimeout(() => {
      answer("first");
      answer("second");
    }, 5);
  });
  const answers = [];
  client.emit("ask", (answer) => answers.push(answer));
  await until(() => answers.length > 0);
  socket.emit("after");
  await next(client, "after");
  assert.deepEqual(answers, ["first"]);
});

test("once and off work as on any emitter", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  let once = 0;
  let off = 0;
  const listener = () => (off += 1);
  socket.once("x", () => (once += 1));
  socket.on("x", listener);
  client.emit("x");
  await until(() => off === 1);
  socket.off("x", listener);
  client.emit("x");
  client.emit("done");
  await next(socket, "done");
  assert.deepEqual([once, off], [1, 1]);
});

test("a socket that waits for an answer learns that its client has gone", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  client.on("ask", () => client.disconnect());
  await assert.rejects(socket.timeout(60_000).emitWithAck("ask"), {
    message: "socket has been disconnected",
  });
});

test("a client that answers nothing is no error of the application", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  let received = 0;
  client.on("ask", () => (received += 1));
  for (let count = 0; count < 1_024; count += 1) {
    socket.emit("ask", () => assert.fail("nobody answers"));
  }
  await assert.rejects(socket.timeout(60_000).emitWithAck("ask"), { message: /too many/ });
  await until(() => received === 1_025);
});

test("what is said to a socket that has gone is ignored", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  client.disconnect();
  await next(socket, "disconnect");
  assert.equal(socket.emit("x"), true);
  socket.join("a");
  socket.leave("a");
  socket.disconnect();
  socket.disconnect(true);
  assert.equal(socket.rooms.size, 0);
  assert.equal((await server.io.in("a").fetchSockets()).length, 0);
});

test("what a client sent before its socket was disconnected is not heard", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  const heard = [];
  socket.on("first", () => {
    heard.push("first");
    socket.disconnect();
    assert.equal(socket.connected, false);
  });
  socket.on("second", () => heard.push("second"));
  const gone = next(socket, "disconnect");
  client.emit("first");
  client.emit("second");
  assert.deepEqual(await gone, ["server namespace disconnect", undefined]);
  assert.deepEqual(heard, ["first"]);
});

test("the server is heard through its namespace /", async (t) => {
  const { io } = await serve(t);
  const listener = () => {};
  assert.equal(io.on("connection", listener), io);
  assert.deepEqual(io.sockets.listeners("connection"), [listener]);
  assert.equal(io.of("/"), io.sockets);
  assert.equal(io.of(""), io.sockets);
  assert.equal(io.off("connection", listener), io);
  assert.equal(io.listenerCount("connection"), 0);
});

test("data is the application's own", async (t) => {
  const server = await serve(t);
  const { socket } = await pair(server, WEBSOCKET);
  assert.deepEqual(socket.data, {});
  socket.data.name = "zoë";
  const [found] = await server.io.fetchSockets();
  assert.equal(found.data.name, "zoë");
});
