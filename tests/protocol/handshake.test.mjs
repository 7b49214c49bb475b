// Engine.IO 4: how a session begins, and what is refused before there is one.
import assert from "node:assert/strict";
import test from "node:test";
import { ENGINE, Link, MAX_PAYLOAD, PING_INTERVAL, PING_TIMEOUT, Polling, SOCKET, request, verdict } from "./client.mjs";

const UNSUPPORTED_VERSION = { code: 5, message: "Unsupported protocol version" };
const UNKNOWN_TRANSPORT = { code: 0, message: "Transport unknown" };
const UNKNOWN_SESSION = { code: 1, message: "Session ID unknown" };
const BAD_METHOD = { code: 2, message: "Bad handshake method" };
const BAD_REQUEST = { code: 3, message: "Bad request" };

function assertOpenPacket(handshake, upgrades) {
  assert.deepEqual(Object.keys(handshake).sort(), ["maxPayload", "pingInterval", "pingTimeout", "sid", "upgrades"]);
  assert.deepEqual(handshake.upgrades, upgrades);
  assert.equal(handshake.pingInterval, PING_INTERVAL);
  assert.equal(handshake.pingTimeout, PING_TIMEOUT);
  assert.equal(handshake.maxPayload, MAX_PAYLOAD);
  assert.match(handshake.sid, /^[A-Za-z0-9_-]{20,}$/);
}

async function assertRefused(target, error, options) {
  const response = await request(target, options);
  assert.equal(response.status, 400, target);
  assert.deepEqual(JSON.parse(response.body), error, target);
}

for (const path of [ENGINE, SOCKET]) {
  test(`${path} polling: the open packet has exactly the five keys`, async () => {
    const response = await request(`${path}?EIO=4&transport=polling`);
    assert.equal(response.status, 200);
    assert.match(response.headers["content-type"], /^text\/plain; ?charset=utf-8$/i);
    assert.equal(response.headers["cache-control"], "no-store");
    assert.equal(response.body[0], "0");
    assertOpenPacket(JSON.parse(response.body.slice(1)), ["websocket"]);
  });

  test(`${path} websocket: the open packet is the first message and offers no upgrade`, async () => {
    const link = await Link.open(`${path}?EIO=4&transport=websocket`);
    const message = await link.next();
    assert.equal(message[0], "0");
    assertOpenPacket(JSON.parse(message.slice(1)), []);
    link.end();
  });

  test(`${path} parameters are found in any order, beside others, percent-encoded or not`, async () => {
    for (const query of ["transport=polling&EIO=4", "t=abc&EIO=4&x=%20&transport=polling", "EIO=%34&transport=pol%6cing"]) {
      assert.equal((await request(`${path}?${query}`)).status, 200, query);
    }
  });

  test(`${path} two sessions have two ids`, async () => {
    const [first, second] = await Promise.all([Polling.open(path), Polling.open(path)]);
    assert.notEqual(first.sid, second.sid);
  });

  test(`${path} a bad or missing EIO is refused`, async () => {
    for (const query of ["", "&EIO=abc", "&EIO=", "&EIO=3", "&EIO=5", "&EIO=__proto__"]) {
      await assertRefused(`${path}?transport=polling${query}`, UNSUPPORTED_VERSION);
    }
  });

  test(`${path} t09: a bad or missing transport is refused`, async () => {
    const long = "x".repeat(8000);
    for (const query of ["", "&transport=", "&transport=abc", "&transport=__proto__", "&transport=constructor", `&transport=${long}`]) {
      await assertRefused(`${path}?EIO=4${query}`, UNKNOWN_TRANSPORT);
    }
  });

  test(`${path} a session begins with GET`, async () => {
    await assertRefused(`${path}?EIO=4&transport=polling`, BAD_METHOD, { method: "POST" });
    await assertRefused(`${path}?EIO=4&transport=polling`, BAD_METHOD, { method: "PUT" });
  });

  test(`${path} an id that no session has is refused`, async () => {
    for (const sid of ["abc", "__proto__", "AAAAAAAAAAAAAAAAAAAA"]) {
      await assertRefused(`${path}?EIO=4&transport=polling&sid=${sid}`, UNKNOWN_SESSION);
      await assertRefused(`${path}?EIO=4&transport=polling&sid=${sid}`, UNKNOWN_SESSION, { method: "POST", body: "4a" });
    }
  });

  test(`${path} websocket: what polling refuses never opens, or closes at once`, async () => {
    const queries = ["transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc", "EIO=4&transport=__proto__", "EIO=4&transport=websocket&sid=abc"];
    for (const query of queries) {
      const link = await Link.open(`${path}?${query}`);
      const closed = await link.closed();
      assert.equal(closed.status ?? 400, 400, query);
      assert.deepEqual(link.messages, [], query);
    }
  });

  test(`${path} a poll cannot join a session that is on WebSocket`, async () => {
    const link = await Link.engine(path);
    await assertRefused(`${path}?EIO=4&transport=polling&sid=${link.handshake.sid}`, BAD_REQUEST);
    link.end();
  });
}

test("t06: a polling request that asks for another protocol is refused or answered without an upgrade", async () => {
  const status = await verdict(`${ENGINE}?EIO=4&transport=polling`, { headers: { connection: "upgrade", upgrade: "h2c" } });
  assert.ok(status === "cut" || (status >= 200 && status < 500), `status ${status}`);
  assert.equal((await Polling.open()).handshake.maxPayload, MAX_PAYLOAD);
});

test("other paths are not found", async () => {
  for (const target of ["/", "/other", "/engine", "/socket.iox"]) {
    assert.equal((await request(`${target}?EIO=4&transport=polling`)).status, 404, target);
  }
});

test("a session of one path is not known at the other", async () => {
  const polling = await Polling.open(ENGINE);
  await assertRefused(`${SOCKET}?EIO=4&transport=polling&sid=${polling.sid}`, UNKNOWN_SESSION);
});
