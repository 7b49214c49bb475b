// Engine.IO 4 over HTTP long-polling: payloads, and what ends a session.
import assert from "node:assert/strict";
import test from "node:test";
import { ENGINE, MAX_PAYLOAD, Polling, Raw, SEPARATOR, request, sleep, verdict } from "./client.mjs";

async function echoed(body) {
  const polling = await Polling.open();
  const response = await polling.post(body);
  assert.equal(response.status, 200);
  assert.equal(response.body, "ok");
  const poll = await polling.poll();
  assert.equal(poll.status, 200);
  return poll.body;
}

test("one text packet", async () => {
  assert.equal(await echoed("4hello"), "4hello");
});

test("several text packets keep their order", async () => {
  const payload = ["4one", "4two", "4three"].join(SEPARATOR);
  assert.equal(await echoed(payload), payload);
});

test("text and binary in one payload", async () => {
  const payload = ["4hello", "bAQIDBA==", "4again"].join(SEPARATOR);
  assert.equal(await echoed(payload), payload);
});

test("an empty message, an empty binary message, and letters of every length", async () => {
  for (const payload of ["4", "b", "4é€😀", ["4", "4x", "4"].join(SEPARATOR)]) {
    assert.equal(await echoed(payload), payload);
  }
});

test("a poll is held until there is something to say", async () => {
  const polling = await Polling.open();
  const poll = polling.poll();
  assert.equal((await polling.post("4late")).body, "ok");
  assert.equal((await poll).body, "4late");
});

test("what is said between two polls comes with the next, in one payload", async () => {
  const polling = await Polling.open();
  await polling.post("4one");
  await polling.post("4two");
  assert.equal((await polling.poll()).body, ["4one", "4two"].join(SEPARATOR));
});

test("a body of the announced size is taken", async () => {
  const body = "4" + "x".repeat(MAX_PAYLOAD - 1);
  assert.equal(await echoed(body), body);
});

test("a larger body is refused, whether its length was declared or not", async () => {
  const body = "4" + "x".repeat(MAX_PAYLOAD);
  for (const headers of [{}, { "transfer-encoding": "chunked" }]) {
    const polling = await Polling.open();
    const status = await verdict(polling.target, { method: "POST", body, headers });
    assert.ok(status === 413 || status === "cut", `status ${status}`);
  }
});

test("a malformed payload ends the session", async () => {
  for (const payload of ["abc", "", "7", SEPARATOR, ["4a", "abc"].join(SEPARATOR), ["4a", ""].join(SEPARATOR)]) {
    const polling = await Polling.open();
    const status = await verdict(polling.target, { method: "POST", body: payload });
    assert.ok(status === 400 || status === "cut", `${JSON.stringify(payload)} was answered with ${status}`);
    assert.equal((await polling.poll()).status, 400, JSON.stringify(payload));
  }
});

test("t53: a binary body belongs to version 3; it is refused and the exchange ends", async () => {
  const polling = await Polling.open();
  const headers = { "content-type": "application/octet-stream" };
  const status = await verdict(polling.target, { method: "POST", body: Buffer.from([0, 1, 255, 52]), headers });
  assert.ok(status === 400 || status === "cut", `status ${status}`);
});

test("a second poll ends the session: the first is told, the second refused", async () => {
  const polling = await Polling.open();
  const first = await polling.heldPoll();
  const second = await verdict(polling.target);
  assert.ok([400, 500].includes(second), `status ${second}`);
  assert.deepEqual(await first.response(), { status: 200, body: "1" });
  assert.equal((await polling.poll()).status, 400);
});

test("a second POST while the first is on its way ends the session", async () => {
  const polling = await Polling.open();
  const raw = await Raw.open();
  raw.write(`POST ${polling.target} HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\nContent-Length: 6\r\n\r\n4he`);
  await sleep(50);
  assert.ok([400, 500, "cut"].includes(await verdict(polling.target, { method: "POST", body: "4hello" })));
  assert.equal(await polling.isGone(), true);
  raw.end();
});

test("an abandoned poll ends the session", async () => {
  const polling = await Polling.open();
  const poll = await polling.heldPoll();
  poll.end();
  assert.equal((await polling.poll()).status, 400);
});

test("a close packet ends the session, and the pending poll is released", async () => {
  const polling = await Polling.open();
  const poll = await polling.heldPoll();
  assert.equal((await polling.post("1")).body, "ok");
  assert.deepEqual(await poll.response(), { status: 200, body: "6" });
  assert.equal((await polling.poll()).status, 400);
});

test("a close packet ends the session when no poll is pending", async () => {
  const polling = await Polling.open();
  assert.equal((await polling.post("1")).body, "ok");
  assert.equal((await polling.poll()).status, 400);
  assert.equal((await polling.post("4hello")).status, 400);
});

test("methods other than GET and POST do nothing to a session", async () => {
  const polling = await Polling.open();
  for (const method of ["PUT", "DELETE", "PATCH"]) {
    const status = await verdict(polling.target, { method });
    assert.ok(status >= 400 && status < 502, `${method} was answered with ${status}`);
  }
});

test("a payload arrives whole however the network cuts it", async () => {
  const polling = await Polling.open();
  const raw = await Raw.open();
  const body = Buffer.from("4é€😀");
  const head = `POST ${polling.target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n`;
  for (const byte of Buffer.concat([Buffer.from(head), body])) {
    raw.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await raw.until("HTTP/1.1 200");
  assert.equal((await polling.poll()).body, "4é€😀");
  raw.end();
});

test("several requests share a connection", async () => {
  const polling = await Polling.open();
  const raw = await Raw.open();
  for (let round = 0; round < 3; round++) {
    raw.write(`POST ${polling.target} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n4${round}`);
    await raw.until("\r\n\r\nok");
  }
  raw.write(`GET ${polling.target} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  await raw.until(["40", "41", "42"].join(SEPARATOR));
  assert.equal((await request(`${ENGINE}?EIO=4&transport=polling`)).status, 200);
  raw.end();
});
