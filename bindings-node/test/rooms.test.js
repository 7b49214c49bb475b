// Rooms, broadcasts and what a server says to many sockets at once.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { next, pair, serve, until } = require("./support");

const WEBSOCKET = { transports: ["websocket"] };

/** Three connected clients, each with the list of the `news` it got. */
async function three(t) {
  const server = await serve(t);
  const pairs = [];
  for (let index = 0; index < 3; index += 1) {
    // One polls, so that every broadcast meets both transports.
    const one = await pair(server, index === 0 ? { transports: ["polling"] } : WEBSOCKET);
    one.news = [];
    one.client.on("news", (...args) => one.news.push(args.length === 1 ? args[0] : args));
    pairs.push(one);
  }
  return { server, pairs, sockets: pairs.map(({ socket }) => socket) };
}

/** Everything that was sent before this has arrived afterwards. */
async function settled(pairs) {
  const arrived = pairs.map(({ client }) => next(client, "settled"));
  for (const { socket } of pairs) {
    socket.emit("settled");
  }
  await Promise.all(arrived);
}

test("a broadcast reaches everybody, and with socket.broadcast everybody else", async (t) => {
  const { server, pairs, sockets } = await three(t);
  server.io.emit("news", "all");
  sockets[1].broadcast.emit("news", "others");
  server.io.send("message is an event too");
  await settled(pairs);
  assert.deepEqual(
    pairs.map(({ news }) => news),
    [["all", "others"], ["all"], ["all", "others"]],
  );
});

test("a socket in two selected rooms is reached once; except leaves rooms out", async (t) => {
  const { server, pairs, sockets } = await three(t);
  sockets[0].join(["a", "b"]);
  sockets[1].join("b");
  sockets[2].join("c");
  server.io.to("a").to("b").emit("news", 1);
  server.io.to(["a", "c"]).except("b").emit("news", 2);
  server.io.except("a").emit("news", 3);
  sockets[0].to("b").emit("news", 4);
  sockets[0].in("b").except("b").emit("news", 5);
  server.io.to(sockets[2].id).emit("news", 6);
  server.io.in("nobody is here").emit("news", 7);
  await settled(pairs);
  assert.deepEqual(
    pairs.map(({ news }) => news),
    [[1], [1, 3, 4], [2, 3, 6]],
  );
});

test("rooms are joined, left, and seen", async (t) => {
  const { server, sockets } = await three(t);
  const [socket] = sockets;
  socket.join("a");
  socket.join(["b", 7]);
  socket.leave("b");
  assert.deepEqual([...socket.rooms].sort(), [socket.id, "a", "7"].sort());
  const ids = (await server.io.in("a").fetchSockets()).map(({ id }) => id);
  assert.deepEqual(ids, [socket.id]);
});

test("a socket sees its rooms while it disconnects, and none afterwards", async (t) => {
  const { pairs, sockets } = await three(t);
  const [socket] = sockets;
  socket.join("a");
  const leaving = new Promise((resolve) => {
    socket.once("disconnecting", () => {
      socket.to("a").emit("news", "left");
      resolve([...socket.rooms]);
    });
  });
  sockets[1].join("a");
  pairs[0].client.disconnect();
  assert.deepEqual((await leaving).sort(), [socket.id, "a"].sort());
  assert.equal(socket.rooms.size, 0);
  await until(() => pairs[1].news.length === 1);
  assert.deepEqual(pairs[1].news, ["left"]);
});

test("sockets are fetched, moved and disconnected in bulk", async (t) => {
  const { server, pairs, sockets } = await three(t);
  sockets[0].join("a");
  server.io.in("a").socketsJoin(["b", "c"]);
  server.io.in("a").socketsLeave("c");
  assert.deepEqual([...sockets[0].rooms].sort(), [sockets[0].id, "a", "b"].sort());
  assert.equal((await server.io.fetchSockets()).length, 3);

  const gone = next(pairs[0].client, "disconnect");
  server.io.in("b").disconnectSockets();
  assert.equal((await gone)[0], "io server disconnect");
  await until(() => server.io.sockets.sockets.size === 2);
});

test("binary values are broadcast", async (t) => {
  const { server, pairs } = await three(t);
  server.io.emit("news", Buffer.from("bytes"), { nested: new Uint8Array([1]) });
  await settled(pairs);
  for (const { news } of pairs) {
    const [[bytes, { nested }]] = news;
    assert.equal(Buffer.from(bytes).toString(), "bytes");
    assert.deepEqual([...new Uint8Array(Buffer.from(nested))], [1]);
  }
});

test("a broadcast collects the acknowledgements of all", async (t) => {
  const { server, pairs } = await three(t);
  pairs.forEach(({ client }, index) => client.on("ask", (answer) => answer(index)));
  const answers = await server.io.timeout(5_000).emitWithAck("ask");
  assert.deepEqual(answers.sort(), [0, 1, 2]);
  const [error, same] = await new Promise((resolve) => {
    server.io.timeout(5_000).emit("ask", (...args) => resolve(args));
  });
  assert.equal(error, null);
  assert.deepEqual(same.sort(), [0, 1, 2]);
});

test("a broadcast that is not answered by all fails with the answers that came", async (t) => {
  const { server, pairs } = await three(t);
  pairs[0].client.on("ask", (answer) => answer("first"));
  await assert.rejects(server.io.timeout(1_500).emitWithAck("ask"), {
    message: "operation has timed out",
    responses: ["first"],
  });
});

test("a broadcast to nobody is answered by nobody, at once", async (t) => {
  const { server } = await three(t);
  assert.deepEqual(await server.io.to("nobody").timeout(60_000).emitWithAck("ask"), []);
});

test("namespaces share a connection and nothing else", async (t) => {
  const server = await serve(t);
  server.io.of("admin");
  const main = await pair(server, WEBSOCKET);
  const admin = main.client.io.socket("/admin");
  const [[adminSocket]] = await Promise.all([
    next(server.io.of("/admin"), "connection"),
    next(admin, "connect"),
  ]);
  assert.equal(adminSocket.nsp.name, "/admin");
  assert.equal(adminSocket.client, main.socket.client);
  assert.notEqual(adminSocket.id, main.socket.id);
  main.socket.join("a");
  adminSocket.join("a");
  const received = [];
  main.client.on("news", () => received.push("/"));
  admin.on("news", () => received.push("/admin"));
  server.io.of("/admin").to("a").emit("news");
  admin.emit("done");
  await next(adminSocket, "done");
  await until(() => received.length > 0);
  assert.deepEqual(received, ["/admin"]);

  admin.disconnect();
  await next(adminSocket, "disconnect");
  assert.equal(main.socket.connected, true);
});

test("a namespace that does not exist cannot be joined", async (t) => {
  const server = await serve(t);
  const client = server.connect(WEBSOCKET, "/nowhere");
  const [error] = await next(client, "connect_error");
  assert.equal(error.message, "Invalid namespace");
});

test("volatile packets are dropped while a client cannot take them", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, { transports: ["polling"] });
  const received = [];
  client.on("tick", (number) => received.push(number));
  for (let number = 0; number < 100; number += 1) {
    socket.volatile.emit("tick", number);
  }
  socket.emit("tick", "last");
  await until(() => received.includes("last"));
  // One poll is pending at most, so all but the first few must have been dropped.
  assert.ok(received.length < 10, `${received.length} of 101 arrived`);
});

test("outgoing listeners hear emits and broadcasts, incoming ones every event", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  const out = [];
  const watch = (...args) => out.push(args);
  socket.onAnyOutgoing(watch);
  socket.emit("a", 1);
  server.io.emit("b", 2);
  server.io.to("elsewhere").emit("c", 3);
  assert.deepEqual(out, [
    ["a", 1],
    ["b", 2],
  ]);
  assert.deepEqual(socket.listenersAnyOutgoing(), [watch]);
  socket.offAnyOutgoing(watch);
  server.io.emit("d");
  assert.equal(out.length, 2);

  const incoming = [];
  socket.onAny((name, ...args) => incoming.push([name, ...args]));
  socket.prependAny((name) => incoming.push(`first ${name}`));
  client.emit("x", 1);
  await next(socket, "x");
  assert.deepEqual(incoming, ["first x", ["x", 1]]);
  socket.offAny();
  assert.deepEqual(socket.listenersAny(), []);
});
