// Who gets what: rooms, broadcasts, and everybody but.
import assert from "node:assert/strict";
import test from "node:test";
import { WAYS, ask, bytes, collected, connect, event, plain } from "./client.mjs";

let names = 0;

/** A room that no other test uses. */
function room() {
  names += 1;
  return `room ${process.pid} ${names}`;
}

/** One client per way to connect. */
async function three() {
  const clients = [];
  for (const options of Object.values(WAYS)) clients.push(await connect("/", options));
  return clients;
}

/** What each of these clients gets under the name `said` while `during` runs. */
async function heard(clients, during) {
  // Whoever emits has to be answered before the others are asked, so that nobody is asked too early.
  let over;
  const emitted = new Promise((resolve) => (over = resolve));
  const each = clients.map((client) => collected(client, "said", () => emitted));
  await during();
  over();
  return plain(await Promise.all(each));
}

/** Emits, and waits until the server has handled it. */
async function say(client, ...args) {
  client.emit(...args);
  await ask(client, "echo");
}

test("everybody", async () => {
  const clients = await three();
  const word = room();
  assert.deepEqual(await heard(clients, () => say(clients[0], "to-all", "said", word, bytes(3))), [[[word, bytes(3)]], [[word, bytes(3)]], [[word, bytes(3)]]]);
});

test("everybody but the sender", async () => {
  const clients = await three();
  assert.deepEqual(await heard(clients, () => say(clients[1], "to-others", "said", 1, bytes(3))), [[[1, bytes(3)]], [], [[1, bytes(3)]]]);
});

test("a room, its members and nobody else", async () => {
  const clients = await three();
  const name = room();
  await ask(clients[0], "join", name);
  await ask(clients[2], "join", name);
  const members = await heard(clients, () => say(clients[1], "to-room", name, "said", 1));
  assert.deepEqual(members, [[[1]], [], [[1]]]);
  const others = await heard(clients, () => say(clients[0], "to-others-in", name, "said", 2));
  assert.deepEqual(others, [[], [], [[2]]]);
  await ask(clients[2], "leave", name);
  const after = await heard(clients, () => say(clients[1], "to-room", name, "said", 3));
  assert.deepEqual(after, [[[3]], [], []]);
});

test("several rooms: once each, some left out", async () => {
  const clients = await three();
  const [one, two, out] = [room(), room(), room()];
  await ask(clients[0], "join", one);
  await ask(clients[0], "join", two);
  await ask(clients[1], "join", two);
  await ask(clients[2], "join", one);
  await ask(clients[2], "join", out);
  const both = await heard(clients, () => say(clients[0], "to-rooms", [one, two], [], "said", 1));
  assert.deepEqual(both, [[[1]], [[1]], [[1]]]);
  const but = await heard(clients, () => say(clients[0], "to-rooms", [one, two], [out], "said", 2));
  assert.deepEqual(but, [[[2]], [[2]], []]);
});

test("a socket is a room of its own", async () => {
  const [first, second] = await three();
  assert.deepEqual(await heard([first, second], () => say(first, "to-me", "said", 1)), [[[1]], []]);
  assert.deepEqual(await heard([first, second], () => say(first, "to-room", second.id, "said", 2)), [[], [[2]]]);
  assert.deepEqual(await heard([first, second], () => say(first, "to-rooms", [first.id, second.id], [first.id], "said", 3)), [[], [[3]]]);
});

test("a socket knows its rooms", async () => {
  const client = await connect("/", WAYS.websocket);
  const [one, two] = [room(), room()];
  assert.deepEqual(await ask(client, "rooms"), [[client.id]]);
  await ask(client, "join", one);
  await ask(client, "join", one);
  await ask(client, "join", two);
  assert.deepEqual(await ask(client, "rooms"), [[client.id, one, two].sort()]);
  await ask(client, "leave", one);
  await ask(client, "leave", "no such room");
  assert.deepEqual(await ask(client, "rooms"), [[client.id, two].sort()]);
});

test("a room that is closed has no members", async () => {
  const clients = await three();
  const name = room();
  for (const client of clients) await ask(client, "join", name);
  await ask(clients[0], "close-room", name);
  assert.deepEqual(await heard(clients, () => say(clients[0], "to-room", name, "said", 1)), [[], [], []]);
  assert.deepEqual(await ask(clients[1], "rooms"), [[clients[1].id]]);
});

test("a room that nobody has joined, and one with a strange name", async () => {
  const [client] = await three();
  await say(client, "to-room", room(), "said", 1);
  const name = `${room()}/é😀 "[]" __proto__`;
  await ask(client, "join", name);
  assert.deepEqual(await heard([client], () => say(client, "to-room", name, "said", 2)), [[[2]]]);
});

test("who leaves is missed by the others, and gets nothing more", async () => {
  const clients = await three();
  const { id } = clients[1];
  const missed = Promise.all([event(clients[0], "left"), event(clients[2], "left")]);
  clients[1].disconnect();
  assert.deepEqual(await missed, [[id], [id]]);
});

test("a burst to a room arrives whole and in order at everybody", async () => {
  const clients = await three();
  const name = room();
  for (const client of clients) await ask(client, "join", name);
  const count = 100;
  const burst = async () => {
    for (let number = 0; number < count; number++) clients[0].emit("to-room", name, "said", number);
    await ask(clients[0], "echo");
  };
  const expected = Array.from({ length: count }, (_, number) => [number]);
  assert.deepEqual(await heard(clients, burst), [expected, expected, expected]);
});
