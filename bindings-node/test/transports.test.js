// A stock client over each transport: everything that must not depend on the transport.

const assert = require("node:assert/strict");
const { describe, test } = require("node:test");

const { TRANSPORTS, next, pair, serve, until } = require("./support");

const BYTES = Buffer.from([0, 1, 2, 253, 254, 255]);

for (const [name, options] of Object.entries(TRANSPORTS)) {
  describe(name, () => {
    test("texts of any script go both ways, in order", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, options);
      const received = [];
      client.on("text", (text) => received.push(text));
      const texts = ["", "a", "héllo", "日本語", "😀👨‍👩‍👧", "\u0000\u001e", "x".repeat(100_000)];
      for (const text of texts) {
        socket.emit("text", text);
      }
      await until(() => received.length === texts.length);
      assert.deepEqual(received, texts);

      const answers = await Promise.all([
        next(socket, "last"),
        ...texts.map((text) => client.emit("said", text)),
        client.emit("last", texts),
      ]);
      assert.deepEqual(answers[0], [texts]);
    });

    test("values keep their shape", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, options);
      const values = [1, -0.5, true, null, [], {}, [[["deep"]]], { a: { b: [1, { c: 2 }] } }];
      client.emit("values", ...values);
      assert.deepEqual(await next(socket, "values"), values);
      socket.emit("values", ...values);
      assert.deepEqual(await next(client, "values"), values);
    });

    test("binary values go both ways, nested and many", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, options);
      client.emit("binary", BYTES, { nested: [new Uint8Array(BYTES), "text"] });
      const [first, second] = await next(socket, "binary");
      assert.ok(Buffer.isBuffer(first));
      assert.deepEqual(first, BYTES);
      assert.deepEqual(second, { nested: [BYTES, "text"] });

      const words = new Uint16Array([1, 2, 65_535]);
      socket.emit("binary", BYTES, { nested: [BYTES.buffer, words], size: 3 });
      const [third, fourth] = await next(client, "binary");
      assert.deepEqual(Buffer.from(third), BYTES);
      assert.deepEqual(Buffer.from(fourth.nested[1]), Buffer.from(words.buffer));
      assert.equal(fourth.size, 3);
    });

    test("acknowledgements go both ways, with binary answers", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, options);
      socket.on("sum", (a, b, answer) => answer(a + b, BYTES));
      const answer = await new Promise((resolve) => {
        client.emit("sum", 1, 2, (...args) => resolve(args));
      });
      assert.deepEqual(answer, [3, BYTES]);

      client.on("ask", (value, reply) => reply({ value, bytes: BYTES }));
      assert.deepEqual(await socket.emitWithAck("ask", "x"), { value: "x", bytes: BYTES });
      assert.equal((await socket.timeout(5_000).emitWithAck("ask", "y")).value, "y");
    });

    test("an acknowledgement that does not come in time is an error", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, options);
      client.on("ignored", () => {});
      await assert.rejects(socket.timeout(30).emitWithAck("ignored"), {
        message: "operation has timed out",
      });
      const [error, ...rest] = await new Promise((resolve) => {
        socket.timeout(30).emit("ignored", (...args) => resolve(args));
      });
      assert.equal(error.message, "operation has timed out");
      assert.deepEqual(rest, []);
    });

    test("both sides hear of a disconnection, with its reason", async (t) => {
      const server = await serve(t);
      const first = await pair(server, options);
      const gone = next(first.socket, "disconnect");
      first.client.disconnect();
      assert.equal((await gone)[0], "client namespace disconnect");
      assert.equal(first.socket.connected, false);
      assert.equal(server.io.sockets.sockets.size, 0);

      const second = await pair(server, options);
      const told = next(second.client, "disconnect");
      second.socket.disconnect();
      assert.equal((await told)[0], "io server disconnect");

      const third = await pair(server, options);
      const closed = next(third.client, "disconnect");
      third.socket.disconnect(true);
      assert.ok(["io server disconnect", "transport close"].includes((await closed)[0]));
    });

    test("a client that lost its connection comes back as another socket", async (t) => {
      const server = await serve(t);
      const { client, socket } = await pair(server, { ...options, reconnectionDelay: 10 });
      const back = next(server.io, "connection");
      const lost = next(socket, "disconnect");
      client.io.engine.close();
      await lost;
      const [again] = await back;
      assert.notEqual(again.id, socket.id);
      await until(() => client.id === again.id);
      again.emit("hello", "again");
      assert.deepEqual(await next(client, "hello"), ["again"]);
    });
  });
}

test("nothing is lost or reordered while a session moves to WebSocket", async (t) => {
  const server = await serve(t);
  const COUNT = 500;
  const fromClient = [];
  const upgraded = new Promise((resolve) => {
    server.io.on("connection", (socket) => {
      socket.conn.once("upgrade", (transport) => resolve(transport.name));
      socket.on("number", (number) => {
        fromClient.push(number);
        socket.emit("number", number);
      });
    });
  });
  const client = server.connect();
  const fromServer = [];
  client.on("number", (number) => fromServer.push(number));
  await next(client, "connect");
  for (let number = 0; number < COUNT; number += 1) {
    client.emit("number", number);
    if (number % 10 === 0) {
      await new Promise(setImmediate);
    }
  }
  assert.equal(await upgraded, "websocket");
  await until(() => fromServer.length === COUNT);
  const expected = Array.from({ length: COUNT }, (_, index) => index);
  assert.deepEqual(fromClient, expected);
  assert.deepEqual(fromServer, expected);
});

test("the transport of a session and its upgrade can be seen", async (t) => {
  const server = await serve(t);
  const { socket } = await pair(server, {});
  assert.equal(socket.conn.protocol, 4);
  assert.equal(socket.conn.id.length > 0, true);
  assert.equal(socket.conn.remoteAddress, "127.0.0.1");
  if (!socket.conn.upgraded) {
    assert.equal(socket.conn.transport.name, "polling");
    await next(socket.conn, "upgrade");
  }
  assert.equal(socket.conn.transport.name, "websocket");
});

test("a server without upgrades offers none", async (t) => {
  const { url } = await serve(t, { allowUpgrades: false });
  const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  const handshake = JSON.parse((await response.text()).slice(1));
  assert.deepEqual(handshake.upgrades, []);
});
