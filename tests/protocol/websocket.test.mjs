// Engine.IO 4 over WebSocket: one packet per message.
import assert from "node:assert/strict";
import test from "node:test";
import { Link, MAX_PAYLOAD } from "./client.mjs";

test("a text packet", async () => {
  const link = await Link.engine();
  link.send("4hello");
  assert.equal(await link.next(), "4hello");
  link.end();
});

test("a binary packet has no prefix", async () => {
  const link = await Link.engine();
  link.send(Buffer.from([1, 2, 3, 4]));
  assert.deepEqual(await link.next(), Buffer.from([1, 2, 3, 4]));
  link.end();
});

test("text and binary keep their order", async () => {
  const link = await Link.engine();
  const messages = ["4one", Buffer.from([1]), "4two", Buffer.alloc(0), "4", "4é€😀"];
  link.send(...messages);
  assert.deepEqual(await link.take(messages.length), messages);
  link.end();
});

test("a message in many frames", async () => {
  const link = await Link.engine();
  link.socket.send("4he", { fin: false });
  link.socket.send("", { fin: false });
  link.socket.send("llo", { fin: true });
  assert.equal(await link.next(), "4hello");
  link.end();
});

test("a message of the announced size comes back, a larger one closes with 1009", async () => {
  const link = await Link.engine();
  const message = "4" + "x".repeat(MAX_PAYLOAD - 1);
  link.send(message);
  assert.equal((await link.next()) === message, true);
  link.send(message + "x");
  assert.equal((await link.closed()).code, 1009);
});

test("an invalid packet closes the session", async () => {
  for (const packet of ["abc", "7", "", "é"]) {
    const link = await Link.engine();
    link.send(packet);
    await link.closed();
    assert.deepEqual(link.messages, [], JSON.stringify(packet));
  }
});

test("a close packet closes the session", async () => {
  const link = await Link.engine();
  link.send("1");
  await link.closed();
  assert.deepEqual(link.messages, []);
});

test("good packets before a bad one are answered", async () => {
  const link = await Link.engine();
  link.send("4one", "4two", "abc");
  assert.deepEqual(await link.take(2), ["4one", "4two"]);
  await link.closed();
});

test("two sessions do not hear each other", async () => {
  const [first, second] = await Promise.all([Link.engine(), Link.engine()]);
  first.send("4mine");
  second.send("4yours");
  assert.equal(await first.next(), "4mine");
  assert.equal(await second.next(), "4yours");
  first.send("4again");
  assert.equal(await first.next(), "4again");
  assert.deepEqual(second.messages, []);
  first.end();
  second.end();
});
