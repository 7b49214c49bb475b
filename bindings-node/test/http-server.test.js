// Living on somebody else's HTTP server, and leaving it.

const assert = require("node:assert/strict");
const { spawnSync } = require("node:child_process");
const { once } = require("node:events");
const { createServer } = require("node:http");
const { test } = require("node:test");

const { WebSocket } = require("ws");

const { Server } = require("..");
const { Server: EngineServer } = require("../dist/engine-server");
const { next, pair, serve } = require("./support");

const WEBSOCKET = { transports: ["websocket"] };

test("requests outside the path go to the listeners that were there", async (t) => {
  const httpServer = createServer((request, response) => response.end(`app ${request.url}`));
  const server = await serve(t, {}, httpServer);
  for (const path of ["/", "/socket.iox/", "/other?x=1"]) {
    assert.equal(await (await fetch(server.url + path)).text(), `app ${path}`);
  }
  await pair(server, {});
});

test("an own path, with and without a trailing slash", async (t) => {
  const server = await serve(t, { path: "/realtime/v1" });
  await pair(server, { path: "/realtime/v1" });
  assert.equal(server.io.path(), "/realtime/v1");

  const bare = await serve(t, { path: "/bare", addTrailingSlash: false });
  await pair(bare, { path: "/bare", addTrailingSlash: false });
});

test("upgrades for other paths stay with their listeners", async (t) => {
  const httpServer = createServer();
  const server = await serve(t, {}, httpServer);
  const taken = new Promise((resolve) => {
    httpServer.on("upgrade", (request, socket) => {
      if (request.url === "/mine") {
        socket.end("HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\n\r\n");
        resolve(request.url);
      }
    });
  });
  const client = new WebSocket(`${server.url.replace("http", "ws")}/mine`);
  const [error] = await once(client, "error");
  assert.match(error.message, /418/);
  assert.equal(await taken, "/mine");
  await pair(server, WEBSOCKET);
});

test("an upgrade that every listener ignores is ended in time", async (t) => {
  const httpServer = createServer();
  const server = await serve(t, { destroyUpgradeTimeout: 20 }, httpServer);
  httpServer.on("upgrade", () => {});
  const client = new WebSocket(`${server.url.replace("http", "ws")}/nobody`);
  const [error] = await once(client, "error");
  assert.match(error.message, /hang up/);
});

test("two servers share one HTTP server", async (t) => {
  const server = await serve(t);
  const engine = new EngineServer();
  engine.attach(server.httpServer);
  engine.on("connection", (socket) => socket.on("message", (data) => socket.send(data)));

  const client = new WebSocket(
    `${server.url.replace("http", "ws")}/engine.io/?EIO=4&transport=websocket`,
  );
  const [open] = await next(client, "message");
  assert.equal(open.toString()[0], "0");
  client.send("4hello");
  assert.equal((await next(client, "message"))[0].toString(), "4hello");
  client.send(Buffer.from([1, 2]));
  assert.deepEqual((await next(client, "message"))[0], Buffer.from([1, 2]));
  await pair(server, {});

  const foreign = new WebSocket(`${server.url.replace("http", "ws")}/neither`);
  const [error] = await once(foreign, "error");
  assert.match(error.message, /404/);
  engine.close();
  await next(client, "close");
});

test("the official client is served, once for each version", async (t) => {
  const { url } = await serve(t);
  const { version } = require("socket.io-client/package.json");
  for (const name of ["socket.io.js", "socket.io.min.js", "socket.io.esm.min.js"]) {
    const response = await fetch(`${url}/socket.io/${name}`);
    assert.equal(response.status, 200);
    assert.equal(response.headers.get("content-type"), "application/javascript; charset=utf-8");
    assert.equal(response.headers.get("etag"), `"${version}"`);
    assert.match(await response.text(), /engine\.io/);
  }
  const map = await fetch(`${url}/socket.io/socket.io.js.map`);
  assert.equal(map.headers.get("content-type"), "application/json; charset=utf-8");
  assert.equal((await map.json()).version, 3);
  const known = await fetch(`${url}/socket.io/socket.io.js`, {
    headers: { "if-none-match": `W/"${version}"` },
  });
  assert.equal(known.status, 304);
  assert.equal((await fetch(`${url}/socket.io/package.json`)).status, 400);

  const without = await serve(t, { serveClient: false });
  assert.equal((await fetch(`${without.url}/socket.io/socket.io.js`)).status, 400);
});

test("a port is enough, and other paths answer 404", async (t) => {
  const io = require("..")(0);
  t.after(() => io.close());
  await once(io.httpServer, "listening");
  const url = `http://localhost:${io.httpServer.address().port}`;
  assert.equal((await fetch(url)).status, 404);
  assert.equal((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status, 200);
});

test("closing tells everybody and leaves nothing", async (t) => {
  const httpServer = createServer((_request, response) => response.end("app"));
  const server = await serve(t, {}, httpServer);
  const polling = await pair(server, { transports: ["polling"], reconnection: false });
  const streaming = await pair(server, { ...WEBSOCKET, reconnection: false });
  const reasons = [];
  for (const { socket } of [polling, streaming]) {
    socket.on("disconnect", (reason) => reasons.push(reason));
  }
  const told = Promise.all([
    next(polling.client, "disconnect"),
    next(streaming.client, "disconnect"),
  ]);
  let called = 0;
  await server.io.close(() => (called += 1));
  await told;
  assert.deepEqual(reasons, ["server shutting down", "server shutting down"]);
  assert.equal(called, 1);
  assert.equal(httpServer.listening, false);
  assert.equal(httpServer.listenerCount("upgrade"), 0);
  assert.equal(httpServer.listenerCount("request"), 1);
  assert.equal(server.io.engine.clientsCount, 0);
  await server.io.close();
});

test("a process ends by itself once its server is closed", () => {
  const program = `
    const { io: connect } = require("socket.io-client");
    const io = require(${JSON.stringify(require.resolve(".."))})(0);
    io.httpServer.on("listening", () => {
      const url = "http://localhost:" + io.httpServer.address().port;
      const client = connect(url, { reconnection: false });
      client.on("connect", () => {
        io.close().then(() => console.log("closed"));
      });
    });
  `;
  const { stdout, stderr, status, signal } = spawnSync(process.execPath, ["-e", program], {
    cwd: __dirname,
    encoding: "utf8",
    timeout: 10_000,
  });
  assert.equal(signal, null, `it had to be killed: ${stderr}`);
  assert.equal(stdout, "closed\n", stderr);
  assert.equal(status, 0);
});

test("a client that stops reading is disconnected, and nobody else waits for it", async (t) => {
  const server = await serve(t);
  const slow = await pair(server, WEBSOCKET);
  const quick = await pair(server, WEBSOCKET);
  let received = 0;
  quick.client.on("flood", () => (received += 1));
  const { ws } = slow.client.io.engine.transport;
  ws._socket.pause();
  t.after(() => ws.terminate());
  const gone = next(slow.socket, "disconnect");
  const text = "x".repeat(100_000);
  let sent = 0;
  while (slow.socket.connected && sent < 2_000) {
    server.io.emit("flood", text);
    sent += 1;
    await new Promise(setImmediate);
  }
  await gone;
  const done = next(quick.client, "done");
  quick.socket.emit("done");
  await done;
  assert.equal(received, sent);
});
