// Engine.IO 4: the server pings, the client answers in time or is gone.
import assert from "node:assert/strict";
import test from "node:test";
import { ENGINE, Link, PING_INTERVAL, PING_TIMEOUT, Polling, SOCKET, sleep } from "./client.mjs";

// How late a busy machine may be; nothing here may be early.
const SLACK = 400;

for (const path of [ENGINE, SOCKET]) {
  test(`${path} polling: pings come in their interval`, async () => {
    const polling = await Polling.open(path);
    const opened = performance.now();
    for (let round = 1; round <= 3; round++) {
      const poll = await polling.poll();
      assert.equal(poll.status, 200);
      assert.equal(poll.body, "2");
      const elapsed = performance.now() - opened;
      assert.ok(elapsed > round * PING_INTERVAL - 50 && elapsed < round * PING_INTERVAL + SLACK, `ping ${round} after ${elapsed} ms`);
      assert.equal((await polling.post("3")).status, 200);
    }
  });

  test(`${path} polling: without an answer the session is gone in time`, async () => {
    const polling = await Polling.open(path);
    await sleep(PING_INTERVAL + PING_TIMEOUT);
    assert.equal((await polling.poll()).status, 400);
  });

  test(`${path} websocket: pings come in their interval`, async () => {
    const link = await Link.engine(path, { answerPings: false });
    const opened = performance.now();
    for (let round = 1; round <= 3; round++) {
      assert.equal(await link.next(), "2");
      const elapsed = performance.now() - opened;
      assert.ok(elapsed > round * PING_INTERVAL - 50 && elapsed < round * PING_INTERVAL + SLACK, `ping ${round} after ${elapsed} ms`);
      link.send("3");
    }
    link.end();
  });

  test(`${path} websocket: without an answer the session is gone in time`, async () => {
    const link = await Link.engine(path, { answerPings: false });
    const opened = performance.now();
    await link.closed();
    const elapsed = performance.now() - opened;
    assert.ok(elapsed > PING_INTERVAL + PING_TIMEOUT - 50 && elapsed < PING_INTERVAL + PING_TIMEOUT + SLACK, `gone after ${elapsed} ms`);
  });
}

test("a late answer is an answer as long as it is in time", async () => {
  const link = await Link.engine(ENGINE, { answerPings: false });
  for (let round = 0; round < 2; round++) {
    assert.equal(await link.next(), "2");
    await sleep(PING_TIMEOUT / 2);
    link.send("3");
  }
  link.send("4alive");
  assert.equal(await link.next(), "4alive");
  link.end();
});

test("t50: pongs that nobody asked for are ignored", async () => {
  const link = await Link.engine(ENGINE);
  for (let count = 0; count < 1000; count++) link.send("3");
  link.send("4alive");
  assert.equal(await link.next(), "4alive");
  link.end();
});

test("messages do not stand in for an answer", async () => {
  const link = await Link.engine(ENGINE, { answerPings: false });
  const talk = setInterval(() => link.send("4x"), 50);
  const opened = performance.now();
  await link.closed();
  clearInterval(talk);
  assert.ok(performance.now() - opened < PING_INTERVAL + PING_TIMEOUT + SLACK);
});
