// Socket.IO 5: joining and leaving namespaces.
import assert from "node:assert/strict";
import test from "node:test";
import { CONNECT_TIMEOUT, Link, Polling, SEPARATOR, SOCKET } from "./client.mjs";

/** Joins as one step: the reply to CONNECT and the event after it. */
async function join(packet) {
  const link = await Link.engine(SOCKET);
  link.send(packet);
  const answers = await link.take(2);
  link.end();
  return answers;
}

function assertReply(reply, prefix) {
  assert.equal(reply.slice(0, prefix.length), prefix);
  const data = JSON.parse(reply.slice(prefix.length));
  assert.deepEqual(Object.keys(data), ["sid"]);
  assert.match(data.sid, /^[A-Za-z0-9_-]{20}$/);
}

test("the main namespace", async () => {
  const [reply, event] = await join("40");
  assertReply(reply, "40");
  assert.equal(event, '42["auth",{}]');
});

test("the main namespace, by its name", async () => {
  const [reply, event] = await join("40/,");
  assertReply(reply, "40");
  assert.equal(event, '42["auth",{}]');
});

test("the main namespace with auth", async () => {
  const [reply, event] = await join('40{"token":"123"}');
  assertReply(reply, "40");
  assert.equal(event, '42["auth",{"token":"123"}]');
});

test("another namespace", async () => {
  for (const packet of ["40/custom,", "40/custom"]) {
    const [reply, event] = await join(packet);
    assertReply(reply, "40/custom,");
    assert.equal(event, '42/custom,["auth",{}]');
  }
});

test("another namespace with auth", async () => {
  const auth = { token: "abc", deep: [{ "é": "😀" }] };
  const [reply, event] = await join(`40/custom,${JSON.stringify(auth)}`);
  assertReply(reply, "40/custom,");
  assert.equal(event.slice(0, 11), "42/custom,[");
  assert.deepEqual(JSON.parse(event.slice(10)), ["auth", auth]);
});

test("an unknown namespace is refused, and the connection stays", async () => {
  const link = await Link.engine(SOCKET);
  for (const packet of ["40/random", "40/random,", '40/random,{"token":"123"}']) {
    link.send(packet);
    assert.equal(await link.next(), '44/random,{"message":"Invalid namespace"}');
  }
  await link.join("/");
  link.end();
});

test("two namespaces share a connection, each with an id of its own", async () => {
  const link = await Link.engine(SOCKET);
  const main = await link.join("/");
  const custom = await link.join("/custom");
  assert.equal(new Set([main, custom, link.handshake.sid]).size, 3);
  link.send('42["message","main"]');
  assert.equal(await link.next(), '42["message-back","main"]');
  link.end();
});

test("joining by polling", async () => {
  const polling = await Polling.open(SOCKET);
  await polling.post('40{"token":"123"}');
  const [reply, event] = await polling.packets(2);
  assertReply(reply, "40");
  assert.equal(event, '42["auth",{"token":"123"}]');
});

test("leaving the main namespace leaves the session open", async () => {
  const link = await Link.engine(SOCKET, { answerPings: false });
  await link.join("/");
  link.send("41");
  assert.equal(await link.next(), "2");
  link.send("3");
  assert.equal(await link.next(), "2");
  link.end();
});

test("leaving one namespace stays in the other", async () => {
  const link = await Link.connected();
  await link.join("/custom");
  link.send("41/custom,", '42["message","still here"]');
  assert.equal(await link.next(), '42["message-back","still here"]');
  link.end();
});

test("who has left can join again, under a new id", async () => {
  const link = await Link.engine(SOCKET);
  const first = await link.join("/");
  link.send("41");
  assert.notEqual(await link.join("/"), first);
  link.end();
});

test("who joins nothing is closed after the connect timeout", async () => {
  const link = await Link.engine(SOCKET);
  const opened = performance.now();
  await link.closed();
  const elapsed = performance.now() - opened;
  assert.ok(elapsed > CONNECT_TIMEOUT - 100 && elapsed < CONNECT_TIMEOUT + 600, `closed after ${elapsed} ms`);
  assert.deepEqual(link.messages, []);
});

test("who joins nothing by polling is told", async () => {
  const polling = await Polling.open(SOCKET);
  const packets = [];
  for (let status = 200; status === 200; ) {
    const poll = await polling.poll();
    status = poll.status;
    if (poll.body.split(SEPARATOR).includes("2")) await polling.post("3");
    if (status === 200) packets.push(...poll.body.split(SEPARATOR));
  }
  assert.equal(packets.at(-1), "1");
});
