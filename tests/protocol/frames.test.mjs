// RFC 6455 at the level of bytes: what a client library would never send.
import assert from "node:assert/strict";
import test from "node:test";
import { ENGINE, Raw, frame, upgradeHead } from "./client.mjs";

const TARGET = `${ENGINE}?EIO=4&transport=websocket`;

async function opened() {
  const raw = await Raw.open();
  raw.write(upgradeHead(TARGET));
  // RFC 6455 section 1.3: the answer to the key that `upgradeHead` sends.
  await raw.until("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  await raw.until("\r\n\r\n");
  await raw.until('"maxPayload":1000000}');
  return raw;
}

/** Sends bytes, and expects a close frame with one of these codes and then the end of the connection. */
async function assertCloses(codes, bytes) {
  const raw = await opened();
  raw.write(bytes);
  await raw.ended();
  const at = raw.received.indexOf(0x88);
  assert.notEqual(at, -1, `no close frame after ${bytes.toString("hex")}`);
  const code = raw.received.readUInt16BE(at + 2);
  assert.ok([codes].flat().includes(code), `${bytes.toString("hex")} was closed with ${code}`);
}

test("section 5.1: a frame without a mask", () => assertCloses(1002, Buffer.from([0x81, 2, 0x34, 0x61])));

test("section 5.2: reserved bits", async () => {
  for (const first of [0xc1, 0xa1, 0x91, 0xc9]) await assertCloses(1002, frame(first, "4a"));
});

test("section 5.2: reserved opcodes", async () => {
  for (const first of [0x83, 0x87, 0x8b, 0x8f]) await assertCloses(1002, frame(first, "4a"));
});

// A protocol error, and too long as well: implementations differ in which of the two they see first.
test("section 5.2: a length with its top bit set", () => assertCloses([1002, 1009], Buffer.from("81ffffffffffffffffff00000000", "hex")));

test("t23: a length that is only claimed", () => assertCloses(1009, Buffer.from("81ff400000000000000000000000", "hex")));

test("section 5.4: a continuation of nothing", () => assertCloses(1002, frame(0x80, "4a")));

test("section 5.4: a new message within another", () => assertCloses(1002, Buffer.concat([frame(0x01, "4a"), frame(0x81, "4b")])));

test("section 5.5: a control frame in pieces, or too long", async () => {
  await assertCloses(1002, frame(0x09, "a"));
  await assertCloses(1002, Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]));
});

test("section 5.5.1: a close frame is answered with its code", async () => {
  await assertCloses(1000, frame(0x88, [0x03, 0xe8]));
  await assertCloses(3000, frame(0x88, [0x0b, 0xb8]));
});

test("section 7.4: codes that may not be sent, and half a code", async () => {
  for (const payload of [[0x03, 0xec], [0x03, 0xed], [0x03, 0xee], [0x03, 0xe7], [0x13, 0x88], [0x03]]) {
    await assertCloses(1002, frame(0x88, payload));
  }
});

test("section 8.1: text that is not UTF-8", async () => {
  await assertCloses(1007, frame(0x81, [0x34, 0xff]));
  await assertCloses(1007, frame(0x81, [0x34, 0xed, 0xa0, 0x80]));
  await assertCloses(1007, Buffer.concat([frame(0x01, [0x34, 0xe2, 0x82]), frame(0x80, [])]));
});

test("section 5.5.2: a ping is answered, within a message too", async () => {
  const raw = await opened();
  raw.write(Buffer.concat([frame(0x01, "4hel"), frame(0x89, "ping"), frame(0x80, "lo")]));
  await raw.until(Buffer.from("\x8a\x04ping", "latin1"));
  await raw.until(Buffer.from("\x81\x064hello", "latin1"));
  raw.end();
});

test("frames arrive whole however the network cuts them", async () => {
  const raw = await opened();
  for (const byte of Buffer.concat([frame(0x81, "4one"), frame(0x82, [1, 2]), frame(0x81, "4é€")])) {
    raw.write(Buffer.from([byte]));
    await new Promise(setImmediate);
  }
  await raw.until(Buffer.concat([Buffer.from([0x81, 4]), Buffer.from("4one"), Buffer.from([0x82, 2, 1, 2, 0x81, 6]), Buffer.from("4é€")]));
  raw.end();
});

test("section 4.2.1: what is not an opening handshake gets no 101", async () => {
  const good = upgradeHead(TARGET);
  const bad = {
    "no key": good.replace(/Sec-WebSocket-Key: .*\r\n/, ""),
    "a short key": good.replace(/Key: .*\r\n/, "Key: c2hvcnQ=\r\n"),
    "version 8": good.replace("Version: 13", "Version: 8"),
    "no version": good.replace(/Sec-WebSocket-Version: .*\r\n/, ""),
    "t16: notupgrade": good.replace("Connection: Upgrade", "Connection: notupgrade"),
    "another protocol": good.replace("Upgrade: websocket", "Upgrade: h2c"),
    "POST": good.replace("GET", "POST"),
  };
  for (const [name, head] of Object.entries(bad)) {
    const raw = await Raw.open();
    raw.write(head);
    await Promise.race([raw.until("HTTP/1.1 4"), raw.ended()]);
    assert.equal(raw.received.includes("101 Switching"), false, name);
    raw.end();
  }
});
