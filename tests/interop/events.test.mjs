// Events, attachments and acknowledgements, each way to connect.
import assert from "node:assert/strict";
import test from "node:test";
import { WAYS, ask, bytes, connect, create, event, events, plain } from "./client.mjs";

const VALUES = [null, true, 0, -1.5, 1e21, "", "é€😀", '"\\\n\u2028', [], {}, [[[1]]], { a: { b: [null, { c: "" }] } }];

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: the server knows the transport`, async () => {
    const client = await connect("/", options);
    assert.deepEqual(await ask(client, "transport"), [way === "polling" ? "polling" : "websocket"]);
  });

  test(`${way}: values of every kind, both directions`, async () => {
    const client = await connect("/", options);
    const back = event(client, "back");
    client.emit("back", ...VALUES);
    assert.deepEqual(await back, VALUES);
    assert.deepEqual(await ask(client, "echo", ...VALUES), VALUES);
    assert.deepEqual(await ask(client, "echo"), []);
  });

  test(`${way}: attachments at every depth, both directions`, async () => {
    const client = await connect("/", options);
    const values = [bytes(3), { deep: [bytes(1000, 2), { deeper: bytes(0) }], text: "é" }, new Uint8Array(bytes(5, 3)), new Uint8Array(bytes(7, 4)).buffer];
    const back = event(client, "back");
    client.emit("back", ...values);
    assert.deepEqual(plain(await back), plain(values));
    assert.deepEqual(plain(await ask(client, "echo", ...values)), plain(values));
  });

  test(`${way}: a large text and a large attachment`, async () => {
    const client = await connect("/", options);
    const text = "é€😀x".repeat(20_000);
    assert.equal((await ask(client, "echo", text))[0] === text, true);
    const large = bytes(300_000);
    assert.equal(Buffer.compare(plain(await ask(client, "echo", large))[0], large), 0);
  });

  test(`${way}: a burst keeps its order, attachments among text`, async () => {
    const client = await connect("/", options);
    const count = 60;
    const received = events(client, "back", count);
    for (let number = 0; number < count; number++) client.emit("back", number, number % 3 === 0 ? bytes(4, number) : `text ${number}`);
    const expected = Array.from({ length: count }, (_, number) => [number, number % 3 === 0 ? bytes(4, number) : `text ${number}`]);
    assert.deepEqual(plain(await received), expected);
  });

  test(`${way}: answers find their questions, whatever the order`, async () => {
    const client = await connect("/", options);
    const questions = Array.from({ length: 40 }, (_, number) => number);
    assert.deepEqual(await Promise.all(questions.map((number) => ask(client, "echo", number))), questions.map((number) => [number]));
  });

  test(`${way}: the server asks, the client answers`, async () => {
    const client = await connect("/", options);
    client.on("question", (first, second, answer) => answer(second, first));
    assert.deepEqual(plain(await ask(client, "ask", "question", "one", bytes(3))), ["answered", bytes(3), "one"]);
  });

  test(`${way}: a client that never answers is given up`, async () => {
    const client = await connect("/", options);
    const asked = event(client, "question");
    const verdict = ask(client, "ask", "question", 1);
    assert.deepEqual((await asked).slice(0, 1), [1]);
    assert.deepEqual(await verdict, ["timed out"]);
  });

  test(`${way}: the client's own timeout for an acknowledgement`, async () => {
    const client = await connect("/", options);
    assert.deepEqual(await client.timeout(4000).emitWithAck("echo", "in time"), "in time");
    await assert.rejects(client.timeout(100).emitWithAck("ask", "question"), /timed out/);
  });

  test(`${way}: an event that nobody handles is no fault`, async () => {
    const client = await connect("/", options);
    client.emit("unheard-of", 1, bytes(3));
    assert.deepEqual(await ask(client, "echo", "still here"), ["still here"]);
  });
}

test("what is emitted before and during the upgrade arrives in order", async () => {
  const client = create("/", WAYS.upgrade);
  const count = 200;
  const received = events(client, "back", count);
  let number = 0;
  const emit = () => {
    for (let burst = 0; burst < 10 && number < count; burst++) client.emit("back", number++);
    if (number < count) setImmediate(emit);
  };
  emit();
  assert.deepEqual(await received, Array.from({ length: count }, (_, index) => [index]));
});
