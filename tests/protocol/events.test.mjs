// Socket.IO 5: events, acknowledgements and attachments.
import assert from "node:assert/strict";
import test from "node:test";
import { Link, Polling, SEPARATOR, SOCKET } from "./client.mjs";

async function answers(count, ...messages) {
  const link = await Link.connected();
  link.send(...messages);
  const received = await link.take(count);
  link.end();
  return received;
}

test("a text event", async () => {
  assert.deepEqual(await answers(1, '42["message",1,"2",{"3":[true]}]'), ['42["message-back",1,"2",{"3":[true]}]']);
});

test("an event without arguments", async () => {
  assert.deepEqual(await answers(1, '42["message"]'), ['42["message-back"]']);
});

test("values of every kind", async () => {
  const values = 'null,true,false,0,-1,1.5,"","é€😀","\\"\\\\\\n",[],{},[[[]]],{"a":{"b":null}}';
  const [answer] = await answers(1, `42["message",${values}]`);
  assert.equal(answer.slice(0, 18), '42["message-back",');
  assert.deepEqual(JSON.parse(answer.slice(2)).slice(1), JSON.parse(`[${values}]`));
});

test("an event with attachments", async () => {
  const [one, two] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const header = '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  const expected = '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  assert.deepEqual(await answers(3, header, one, two), [expected, one, two]);
});

test("attachments within other values, one of them empty", async () => {
  const [one, two] = [Buffer.from([255, 0]), Buffer.alloc(0)];
  const header = '452-["message",{"a":[{"_placeholder":true,"num":0}],"b":{"c":{"_placeholder":true,"num":1}}}]';
  const expected = '452-["message-back",{"a":[{"_placeholder":true,"num":0}],"b":{"c":{"_placeholder":true,"num":1}}}]';
  assert.deepEqual(await answers(3, header, one, two), [expected, one, two]);
});

test("attachments that are named in another order keep their places", async () => {
  const [zero, one] = [Buffer.from("zero"), Buffer.from("one")];
  const [header, ...attachments] = await answers(3, '452-["message",{"_placeholder":true,"num":1},{"_placeholder":true,"num":0}]', zero, one);
  const places = JSON.parse(header.slice(4)).slice(1);
  assert.deepEqual(places.map((place) => attachments[place.num]), [one, zero]);
});

test("an event with an acknowledgement", async () => {
  assert.deepEqual(await answers(1, '42456["message-with-ack",1,"2",{"3":[false]}]'), ['43456[1,"2",{"3":[false]}]']);
});

test("an acknowledgement without arguments", async () => {
  assert.deepEqual(await answers(1, '420["message-with-ack"]'), ["430[]"]);
});

test("the largest id of an acknowledgement", async () => {
  assert.deepEqual(await answers(1, '429007199254740991["message-with-ack"]'), ["439007199254740991[]"]);
});

test("an event with attachments and an acknowledgement", async () => {
  const [one, two] = [Buffer.from([1, 2, 3]), Buffer.from([4, 5, 6])];
  const header = '452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  const expected = '462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  assert.deepEqual(await answers(3, header, one, two), [expected, one, two]);
});

test("events are answered in their order, attachments between them", async () => {
  const bytes = Buffer.from([7]);
  const attached = '451-["message",{"_placeholder":true,"num":0}]';
  const received = await answers(4, '42["message",1]', attached, bytes, '42["message",2]');
  assert.deepEqual(received, ['42["message-back",1]', '451-["message-back",{"_placeholder":true,"num":0}]', bytes, '42["message-back",2]']);
});

test("an event that nobody handles is no fault", async () => {
  assert.deepEqual(await answers(1, '42["unheard-of",1]', '42["message",2]'), ['42["message-back",2]']);
});

test("an answer that nobody waits for is no fault", async () => {
  assert.deepEqual(await answers(1, "43999[1]", '42["message",2]'), ['42["message-back",2]']);
});

test("an event is answered to its sender alone", async () => {
  const [first, second] = await Promise.all([Link.connected(), Link.connected()]);
  first.send('42["message","mine"]');
  second.send('42["message","yours"]');
  assert.equal(await first.next(), '42["message-back","mine"]');
  assert.equal(await second.next(), '42["message-back","yours"]');
  first.send('42["message","again"]');
  assert.equal(await first.next(), '42["message-back","again"]');
  assert.deepEqual(second.messages, []);
  first.end();
  second.end();
});

test("events and attachments by polling", async () => {
  const polling = await Polling.open(SOCKET);
  await polling.post("40");
  await polling.packets(2);
  const header = '452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  await polling.post([header, "bAQID", "bBAUG", '421["message-with-ack","x"]'].join(SEPARATOR));
  assert.deepEqual(await polling.packets(4), [
    '452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]',
    "bAQID",
    "bBAUG",
    '431["x"]',
  ]);
});

test("events survive the upgrade in order", async () => {
  const polling = await Polling.open(SOCKET);
  await polling.post("40");
  await polling.packets(2);
  await polling.post('42["message",1]');
  const link = await polling.candidate();
  link.send("2probe");
  assert.equal(await link.next(), "3probe");
  link.send("5", '42["message",2]');
  assert.deepEqual(await link.take(2), ['42["message-back",1]', '42["message-back",2]']);
  link.end();
});
