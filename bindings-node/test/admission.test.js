// Who may connect: middlewares, allowRequest, origins.

const assert = require("node:assert/strict");
const { once } = require("node:events");
const { describe, test } = require("node:test");

const { WebSocket } = require("ws");

const { TRANSPORTS, next, pair, serve } = require("./support");

const WEBSOCKET = { transports: ["websocket"] };
const POLLING = "/socket.io/?EIO=4&transport=polling";

for (const [name, options] of Object.entries(TRANSPORTS)) {
  test(`${name}: a middleware refuses with a message and data`, async (t) => {
    const server = await serve(t);
    server.io.use((socket, next) => {
      assert.equal(socket.connected, false);
      if (socket.handshake.auth.token === "valid") {
        next();
      } else {
        next(Object.assign(new Error("not authorized"), { data: { code: 401 } }));
      }
    });
    const refused = server.connect({ ...options, auth: { token: "wrong" } });
    const [error] = await next(refused, "connect_error");
    assert.equal(error.message, "not authorized");
    assert.deepEqual(error.data, { code: 401 });
    assert.equal(server.io.sockets.sockets.size, 0);

    const { socket } = await pair(server, { ...options, auth: { token: "valid" } });
    assert.equal(socket.connected, true);
  });
}

test("middlewares run in order, may wait, and may join rooms", async (t) => {
  const server = await serve(t);
  const order = [];
  server.io.use((socket, next) => {
    order.push("first");
    socket.join("early");
    setTimeout(next, 5);
  });
  server.io.use(async (_socket, next) => {
    order.push("second");
    next();
  });
  const { socket } = await pair(server, WEBSOCKET);
  assert.deepEqual(order, ["first", "second"]);
  assert.deepEqual([...socket.rooms].sort(), [socket.id, "early"].sort());
});

test("a middleware that throws lets nobody in and tells the client nothing", async (t) => {
  const server = await serve(t);
  const errors = [];
  server.io.on("error", (error) => errors.push(error.message));
  server.io.use(() => {
    throw new Error("secret detail");
  });
  const client = server.connect(WEBSOCKET);
  const [error] = await next(client, "connect_error");
  assert.equal(error.message, "Internal server error");
  assert.deepEqual(errors, ["secret detail"]);
});

test("a client that goes away during a middleware never connects", async (t) => {
  const server = await serve(t);
  let admit;
  const waiting = new Promise((resolve) => {
    server.io.use((_socket, next) => {
      admit = next;
      resolve();
    });
  });
  let connections = 0;
  server.io.on("connection", () => (connections += 1));
  const client = server.connect(WEBSOCKET);
  await waiting;
  const [session] = await Promise.all([
    new Promise((resolve) => server.io.engine.sessions.forEach((one) => one.on("close", resolve))),
    client.disconnect(),
  ]);
  assert.match(session, /transport|close/);
  admit();
  assert.equal(connections, 0);
});

test("the handshake tells what the client said", async (t) => {
  const server = await serve(t);
  const { socket } = await pair(server, {
    ...WEBSOCKET,
    query: { token: "a b", list: "1" },
    auth: { user: "zoë" },
    extraHeaders: { "x-custom": "yes" },
  });
  const { handshake } = socket;
  assert.equal(handshake.query.token, "a b");
  assert.equal(handshake.query.transport, "websocket");
  assert.deepEqual(handshake.auth, { user: "zoë" });
  assert.equal(handshake.headers["x-custom"], "yes");
  assert.equal(handshake.address, "127.0.0.1");
  assert.equal(handshake.secure, false);
  assert.equal(handshake.xdomain, false);
  assert.ok(handshake.url.startsWith("/socket.io/?"));
  assert.ok(Math.abs(Date.now() - handshake.issued) < 5_000);
  assert.equal(new Date(handshake.time).getTime(), Math.floor(handshake.issued / 1_000) * 1_000);
  assert.equal(socket.request.headers["x-custom"], "yes");
});

describe("allowRequest", () => {
  const options = { allowRequest: (_request, callback) => callback("go away", false) };

  test("refuses a polling handshake with 403 and the application's words", async (t) => {
    const { io, url } = await serve(t, options);
    const refused = next(io.engine, "connection_error");
    const response = await fetch(url + POLLING);
    assert.equal(response.status, 403);
    assert.deepEqual(await response.json(), { code: 4, message: "go away" });
    const [{ code, message, req }] = await refused;
    assert.equal(code, 4);
    assert.equal(message, "go away");
    assert.ok(req.url.startsWith("/socket.io/"));
  });

  test("refuses an upgrade", async (t) => {
    const { url } = await serve(t, options);
    const socket = new WebSocket(
      `${url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
    );
    const [error] = await once(socket, "error");
    assert.match(error.message, /400/);
  });

  test("is asked once for each session, not for its later requests", async (t) => {
    let asked = 0;
    const server = await serve(t, {
      allowRequest: (_request, callback) => {
        asked += 1;
        setImmediate(callback, null, true);
      },
    });
    const { client, socket } = await pair(server, { transports: ["polling"] });
    client.emit("x");
    await next(socket, "x");
    assert.equal(asked, 1);
  });
});

describe("cors", () => {
  const ORIGIN = "https://app.example";

  async function ask(t, cors, origin, method = "GET") {
    const { url } = await serve(t, { cors });
    const headers = { origin };
    if (method === "OPTIONS") {
      headers["access-control-request-method"] = "POST";
      headers["access-control-request-headers"] = "x-token";
    }
    const response = await fetch(url + POLLING, { method, headers });
    return {
      status: response.status,
      origin: response.headers.get("access-control-allow-origin"),
      credentials: response.headers.get("access-control-allow-credentials"),
      headers: response.headers.get("access-control-allow-headers"),
      methods: response.headers.get("access-control-allow-methods"),
      vary: response.headers.get("vary"),
    };
  }

  const ALLOWING = {
    "a text": ORIGIN,
    "a list": ["https://other.example", ORIGIN],
    "a regular expression": /^https:\/\/app\.example$/,
    "a list with a regular expression": ["https://other.example", /app\.example$/],
    "a function": (origin, callback) => callback(null, origin === ORIGIN),
  };
  for (const [name, origin] of Object.entries(ALLOWING)) {
    test(`${name} allows its origin and no other`, async (t) => {
      const allowed = await ask(t, { origin, credentials: true }, ORIGIN);
      assert.equal(allowed.status, 200);
      assert.equal(allowed.origin, ORIGIN);
      assert.equal(allowed.credentials, "true");
      assert.equal(allowed.vary, "Origin");
      for (const evil of ["https://app.example.evil", "https://evil-app.exampl", "null"]) {
        const refused = await ask(t, { origin }, evil);
        assert.equal(refused.status, 403, evil);
        assert.equal(refused.origin, null, evil);
      }
    });
  }

  test("the asterisk, and no origin at all, allow everybody", async (t) => {
    for (const cors of [{ origin: "*" }, { origin: true }, {}]) {
      const { status, origin } = await ask(t, cors, ORIGIN);
      assert.equal(status, 200);
      assert.equal(origin, "*");
    }
  });

  test("without the option only pages of the server's own origin connect", async (t) => {
    assert.equal((await ask(t, undefined, ORIGIN)).status, 403);
    const server = await serve(t);
    const same = await fetch(server.url + POLLING, { headers: { origin: server.url } });
    assert.equal(same.status, 200);
    const socket = new WebSocket(
      `${server.url.replace("http", "ws")}/socket.io/?EIO=4&transport=websocket`,
      { origin: "https://evil.example" },
    );
    const [error] = await once(socket, "error");
    assert.match(error.message, /403/);
  });

  test("a preflight is answered, by the core and by a function", async (t) => {
    const rules = [
      { origin: ORIGIN, allowedHeaders: ["x-token"], methods: ["GET", "POST"] },
      {
        origin: (_origin, callback) => callback(null, true),
        allowedHeaders: "x-token",
        methods: "GET,POST",
      },
    ];
    for (const cors of rules) {
      const answer = await ask(t, cors, ORIGIN, "OPTIONS");
      assert.equal(answer.status, 204);
      assert.equal(answer.origin, ORIGIN);
      assert.equal(answer.headers, "x-token");
      assert.equal(answer.methods, "GET,POST");
    }
  });

  test("a function may decide about the whole request", async (t) => {
    const cors = (request, callback) => {
      callback(null, { origin: request.headers.origin === ORIGIN ? ORIGIN : false });
    };
    assert.equal((await ask(t, cors, ORIGIN)).origin, ORIGIN);
    assert.equal((await ask(t, cors, "https://evil.example")).status, 403);
    const failing = (_request, callback) => callback(new Error("down"));
    assert.equal((await ask(t, failing, ORIGIN)).status, 403);
  });
});

test("the session id is set as a cookie when that is asked for", async (t) => {
  const { url } = await serve(t, { cookie: { name: "sid", sameSite: "strict", secure: true } });
  const response = await fetch(url + POLLING);
  const { sid } = JSON.parse((await response.text()).slice(1));
  const cookie = response.headers.get("set-cookie");
  assert.ok(cookie.startsWith(`sid=${sid};`));
  for (const attribute of ["Path=/", "HttpOnly", "SameSite=Strict", "Secure"]) {
    assert.ok(cookie.includes(attribute), `${attribute} in ${cookie}`);
  }
});
