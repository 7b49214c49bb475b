// Engine.IO 4: a session moves from polling to WebSocket, and nothing is lost on the way.
import assert from "node:assert/strict";
import test from "node:test";
import { ENGINE, Polling, Raw, SOCKET, frame, upgradeHead } from "./client.mjs";

async function probed(polling) {
  const link = await polling.candidate();
  link.send("2probe");
  assert.equal(await link.next(), "3probe");
  return link;
}

for (const path of [ENGINE, SOCKET]) {
  test(`${path} probe, then upgrade`, async () => {
    const polling = await Polling.open(path);
    const link = await probed(polling);
    // A poll that comes now is released, so that the client can leave polling.
    const poll = await polling.poll();
    assert.equal(poll.status, 200);
    assert.equal(poll.body, "6");
    link.send("5");
    assert.equal((await polling.poll()).status, 400);
    link.end();
  });

  test(`${path} after the upgrade the session is not on HTTP any more`, async () => {
    const polling = await Polling.open(path);
    const link = await probed(polling);
    link.send("5");
    // Sent back to back with the poll, on two connections.
    assert.equal((await polling.poll()).status, 400);
    assert.equal((await polling.post("4hello")).status, 400);
    link.end();
  });

  test(`${path} after the upgrade a second WebSocket with the same id is closed`, async () => {
    const polling = await Polling.open(path);
    const link = await probed(polling);
    link.send("5");
    const second = await polling.candidate();
    await second.closed();
    assert.deepEqual(second.messages, []);
    link.end();
  });
}

test("the upgraded session goes on: echo and heartbeat", async () => {
  const polling = await Polling.open();
  const link = await probed(polling);
  link.answerPings = false;
  link.send("5", "4hello");
  assert.equal(await link.next(), "4hello");
  assert.equal(await link.next(), "2");
  link.send("3", "4still here");
  assert.equal(await link.next(), "4still here");
  link.end();
});

test("a poll that was pending when the probe came is released", async () => {
  const polling = await Polling.open();
  const poll = await polling.heldPoll();
  const link = await probed(polling);
  assert.deepEqual(await poll.response(), { status: 200, body: "6" });
  link.send("5", "4hello");
  assert.equal(await link.next(), "4hello");
  link.end();
});

test("what was not polled yet goes out on the WebSocket, in order", async () => {
  const polling = await Polling.open();
  await polling.post("4one\x1e4two");
  const link = await probed(polling);
  await polling.post("4three");
  link.send("5", "4four");
  assert.deepEqual(await link.take(4), ["4one", "4two", "4three", "4four"]);
  link.end();
});

test("polling goes on while the candidate has not said that it takes over", async () => {
  const polling = await Polling.open();
  const link = await probed(polling);
  await polling.post("4hello");
  assert.deepEqual(await polling.packets(1), ["4hello"]);
  link.end();
});

test("a candidate that breaks off leaves the session on polling", async () => {
  const polling = await Polling.open();
  const link = await probed(polling);
  link.end();
  await link.closed();
  await polling.post("4hello");
  assert.deepEqual(await polling.packets(1), ["4hello"]);
});

test("a candidate that says anything else is closed, and the session stays on polling", async () => {
  for (const packet of ["4hello", "3probe", "2", "abc", "1"]) {
    const polling = await Polling.open();
    const link = await polling.candidate();
    link.send(packet);
    await link.closed();
    assert.deepEqual(link.messages, [], packet);
    assert.equal((await polling.post("4hello")).body, "ok", packet);
    assert.deepEqual(await polling.packets(1), ["4hello"], packet);
  }
});

test("a candidate can try again after one that has failed", async () => {
  const polling = await Polling.open();
  const first = await polling.candidate();
  first.send("4hello");
  await first.closed();
  const second = await probed(polling);
  second.send("5", "4hello");
  assert.equal(await second.next(), "4hello");
  second.end();
});

test("t08: bytes that follow the upgrade request in the same packet do no harm", async () => {
  for (const bytes of [frame(0x81, "4early"), Buffer.from("test")]) {
    const raw = await Raw.open();
    raw.write(Buffer.concat([Buffer.from(upgradeHead(`${ENGINE}?EIO=4&transport=websocket`)), bytes]));
    await raw.until("101 Switching Protocols");
    raw.end();
  }
  // uvicorn drops them before any WebSocket code sees them; so all that is common is that the server goes on.
  const polling = await Polling.open();
  await polling.post("4hello");
  assert.deepEqual(await polling.packets(1), ["4hello"]);
});
