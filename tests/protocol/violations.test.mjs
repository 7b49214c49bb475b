// Socket.IO 5: packets that end the connection, and no more than that.
import assert from "node:assert/strict";
import test from "node:test";
import { Link, Polling, SEPARATOR, SOCKET } from "./client.mjs";

/** Sends these messages and expects the connection to close without an answer, and somebody else's to stay. */
async function assertCloses(link, ...messages) {
  const bystander = await Link.connected();
  link.send(...messages);
  await link.closed();
  assert.deepEqual(link.messages, [], JSON.stringify(messages));
  bystander.send('42["message","untouched"]');
  assert.equal(await bystander.next(), '42["message-back","untouched"]');
}

test("a packet that is none, before joining", async () => {
  for (const packet of ["4abc", "4", "49", "4😀"]) await assertCloses(await Link.engine(SOCKET), packet);
});

test("an event before joining", async () => {
  await assertCloses(await Link.engine(SOCKET), '42["message",1]');
});

test("an event to a namespace that was not joined", async () => {
  await assertCloses(await Link.connected(), '42/custom,["message",1]');
});

test("joining twice", async () => {
  await assertCloses(await Link.connected(), "40");
});

test("joining with something else than an object", async () => {
  for (const packet of ['40"text"', "40[", '40{"a"', "40[]"]) await assertCloses(await Link.engine(SOCKET), packet);
});

test("an event whose data is no array that begins with a name", async () => {
  const bodies = ["{}", "abc[1]", "", "[", "[]", '[{"toString":"foo"}]', "[null]", "[true]", '"message"', '["message"', '["message"]x', '["message",]', "['message']"];
  for (const body of bodies) await assertCloses(await Link.connected(), `42${body}`);
});

test("an event with a reserved name", async () => {
  for (const name of ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"]) {
    await assertCloses(await Link.connected(), `42["${name}"]`);
  }
});

test("an acknowledgement whose data is no array", async () => {
  for (const body of ["1{}", "1", '1"x"']) await assertCloses(await Link.connected(), `43${body}`);
});

test("data in a packet that leaves", async () => {
  await assertCloses(await Link.connected(), '41{"a":1}');
});

test("an attachment that nobody announced", async () => {
  await assertCloses(await Link.connected(), Buffer.from([1, 2, 3]));
});

test("text where an attachment is due", async () => {
  await assertCloses(await Link.connected(), '451-["message",{"_placeholder":true,"num":0}]', '42["message",1]');
});

test("t62: a placeholder that is no index of an attachment", async () => {
  for (const number of ['"splice"', "1", "-1", "null"]) {
    await assertCloses(await Link.connected(), `451-["message",{"_placeholder":true,"num":${number}}]`, Buffer.from([1]));
  }
});

test("t66 t81: more attachments than anybody needs", async () => {
  const placeholders = Array.from({ length: 11 }, (_, number) => `{"_placeholder":true,"num":${number}}`).join(",");
  await assertCloses(await Link.connected(), `4511-["message",${placeholders}]`);
  await assertCloses(await Link.connected(), '4510000000000-["message",{"_placeholder":true,"num":0}]');
});

test("by polling, the next poll says so", async () => {
  const polling = await Polling.open(SOCKET);
  await polling.post("40");
  await polling.packets(2);
  await polling.post("42{}");
  const poll = await polling.poll();
  assert.equal(poll.status, 200);
  assert.equal(poll.body, ["6", "1"].join(SEPARATOR));
  assert.equal((await polling.poll()).status, 400);
});
