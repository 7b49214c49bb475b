// What broke other servers, on this host's sockets. The other rows live beside the core.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { createServer } = require("node:http");
const { connect: connectTcp } = require("node:net");
const { test } = require("node:test");

const { WebSocket } = require("ws");

const { Server } = require("..");
const { Server: WebSocketServer } = require("../dist/websocket-server");
const { next, pair, serve } = require("./support");

const WEBSOCKET = { transports: ["websocket"] };
const UPGRADE =
  "Host: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n" +
  "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

/** Writes `head` and resolves with everything that came back until the end. */
function speak(port, head) {
  return new Promise((resolve, reject) => {
    const socket = connectTcp(port, "127.0.0.1", () => socket.write(head));
    let text = "";
    socket.on("data", (chunk) => (text += chunk.toString("latin1")));
    socket.on("error", reject);
    socket.on("close", () => resolve(text));
    socket.setTimeout(10_000, () => reject(new Error(`nothing ended this: ${text}`)));
  });
}

/** The server still serves. */
async function isAlive(server) {
  const { client, socket } = await pair(server, WEBSOCKET);
  socket.on("ping me", (answer) => answer("alive"));
  assert.equal(await client.emitWithAck("ping me"), "alive");
}

test("t02: headers that Node leaves out of a long head are no crash", async (t) => {
  const httpServer = createServer();
  httpServer.maxHeadersCount = 3;
  const server = await serve(t, {}, httpServer);
  const many = Array.from({ length: 500 }, (_, index) => `X-${index}: x\r\n`).join("");
  for (const path of ["/socket.io/?EIO=4&transport=websocket", "/elsewhere"]) {
    const answer = await speak(server.port, `GET ${path} HTTP/1.1\r\n${many}${UPGRADE}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /);
  }
  httpServer.maxHeadersCount = null;
  await isAlive(server);
});

test("t06: an upgrade where none is expected is refused", async (t) => {
  const server = await serve(t);
  for (const path of ["/", "/socket.io", "/socket.io/?EIO=4&transport=polling"]) {
    const answer = await speak(server.port, `GET ${path} HTTP/1.1\r\n${UPGRADE}\r\n`);
    assert.match(answer, /^HTTP\/1\.1 4\d\d /, path);
  }
  await isAlive(server);
});

test("t07: a peer that resets during its upgrade is no uncaught error", async (t) => {
  const server = await serve(t, {
    // Slow, so that the reset comes while the application thinks.
    allowRequest: (request, callback) => {
      const slow = request.headers["x-slow"] !== undefined;
      setTimeout(callback, slow ? 30 : 0, null, true);
    },
  });
  const heads = [
    `GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
    `GET /elsewhere HTTP/1.1\r\n${UPGRADE}\r\n`,
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nX-Slow: 1\r\n${UPGRADE}\r\n`,
    `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${UPGRADE}\r\n`,
    `GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\nX-Slow: 1\r\nHost: localhost\r\n\r\n`,
  ];
  for (const head of heads) {
    const socket = connectTcp(server.port, "127.0.0.1");
    socket.write(head);
    await new Promise((resolve) => setTimeout(resolve, 10));
    socket.resetAndDestroy();
  }
  await new Promise((resolve) => setTimeout(resolve, 60));
  await isAlive(server);
});

test("t08: garbage right after the head of an upgrade ends that connection alone", async (t) => {
  const server = await serve(t);
  const head = `GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\n${UPGRADE}\r\n`;
  const answer = await speak(server.port, `${head}test`);
  assert.match(answer, /^HTTP\/1\.1 101 /);
  await isAlive(server);
});

test("t09: no value of a query is a crash", async (t) => {
  const server = await serve(t);
  const values = ["__proto__", "constructor", "", "polling&transport=polling", "x".repeat(10_000)];
  for (const value of values) {
    for (const query of [`EIO=4&transport=${value}`, `EIO=${value}&transport=polling`]) {
      const response = await fetch(`${server.url}/socket.io/?${query}`);
      assert.equal(response.status, 400, query.slice(0, 60));
    }
  }
  await isAlive(server);
});

test("t37: wrong types are type errors, and nothing reaches a client", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  const received = [];
  client.onAny((...args) => received.push(args));

  const wrong = [
    () => socket.join({}),
    () => socket.leave(undefined),
    () => socket.to(null),
    () => server.io.except([Symbol.iterator]),
    () => socket.timeout("soon"),
    () => socket.timeout(-1),
    () => server.io.timeout(NaN),
    () => socket.compress("yes"),
    () => server.io.of(7),
    () => server.io.use("middleware"),
    () => socket.use(undefined),
    () => new Server({ pingInterval: "fast" }),
    () => new Server({ transports: "polling" }),
    () => new Server({ transports: ["carrier pigeon"] }),
    () => new Server({ cors: "*" }),
    () => new Server({ allowRequest: true }),
    () => new Server("not a port"),
    () => new Server(() => {}),
  ];
  for (const call of wrong) {
    assert.throws(call, { name: "TypeError" }, String(call));
  }
  assert.throws(() => new Server({ pingTimeout: -1 }), { name: "RangeError" });
  for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener"]) {
    assert.throws(() => socket.emit(name), { message: /reserved/ });
    assert.throws(() => server.io.emit(name), { message: /reserved/ });
  }
  socket.emit("after");
  await next(client, "after");
  assert.deepEqual(received, [["after"]]);
});

test("t37: wrong types on a plain WebSocket are type errors", async (t) => {
  const httpServer = createServer().listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  const server = new WebSocketServer();
  server.attach(httpServer);
  const client = new WebSocket(`ws://127.0.0.1:${httpServer.address().port}`);
  t.after(() => {
    server.close();
    httpServer.close();
  });
  const [socket] = await next(server, "connection");
  for (const value of [200, undefined, null, {}, [1], new Float32Array(2)]) {
    assert.throws(() => socket.send(value), { name: "TypeError" });
  }
  assert.throws(() => socket.close("1000"), { name: "TypeError" });
  assert.throws(() => socket.close(1000, new Float32Array(5)), { name: "TypeError" });
  assert.throws(() => socket.close(1000, "x".repeat(200)), /./);
  socket.close(1000, "bye");
  const [code, reason] = await next(client, "close");
  assert.deepEqual([code, reason.toString()], [1000, "bye"]);
});

test("t53: a refused POST ends its exchange, whatever its body does", async (t) => {
  const server = await serve(t);
  const handshake = await fetch(`${server.url}/socket.io/?EIO=4&transport=polling`);
  const { sid } = JSON.parse((await handshake.text()).slice(1));
  const target = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
  const octets = await fetch(server.url + target, {
    method: "POST",
    headers: { "content-type": "application/octet-stream" },
    body: "1:6",
  });
  assert.equal(octets.status, 400);
  const endless = await speak(
    server.port,
    `POST ${target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000000\r\n\r\n4x`,
  );
  assert.match(endless, /^HTTP\/1\.1 4\d\d /);
  await isAlive(server);
});

test("t63 t65 t82: an event's name is a text that is not reserved, and its values are finite", async (t) => {
  const server = await serve(t);
  const bad = [
    '42[{"toString":"foo"}]',
    '42["disconnect"]',
    '42["connect"]',
    '42["newListener"]',
    '42["x",1e999]',
    '42["x",NaN]',
    "42[]",
    "42{}",
  ];
  for (const packet of bad) {
    const events = [];
    server.io.removeAllListeners("connection");
    server.io.on("connection", (socket) => {
      socket.onAny((...args) => events.push(args));
    });
    const client = new WebSocket(
      `${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
    );
    client.on("open", () => client.send("40"));
    client.on("message", (data) => {
      if (data.toString().startsWith("40")) {
        client.send(packet);
      }
    });
    await next(client, "close");
    assert.deepEqual(events, [], packet);
  }
  await isAlive(server);
});

test("t65: an event that a client names error is no error of this process", async (t) => {
  const server = await serve(t);
  const { client, socket } = await pair(server, WEBSOCKET);
  client.emit("error", "boo");
  client.emit("after");
  await next(socket, "after");
  const heard = next(socket, "error");
  client.emit("error", "boo");
  assert.deepEqual(await heard, ["boo"]);
});

test("a socket hears which rule its client broke", async (t) => {
  const server = await serve(t);
  const connected = next(server.io, "connection");
  const client = new WebSocket(
    `${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
  );
  await next(client, "open");
  client.send("40");
  const [socket] = await connected;
  const [error, reason] = [next(socket, "error"), next(socket, "disconnect")];
  client.send('451-["x",{"_placeholder":true,"num":"splice"}]');
  client.send(Buffer.from([1]));
  assert.match((await error)[0].message, /placeholder|attachment/i);
  assert.ok(["forced close", "parse error"].includes((await reason)[0]));
});
