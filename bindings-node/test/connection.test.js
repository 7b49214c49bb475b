// One upgraded socket, played by a stream that remembers what was written to it.

const assert = require("node:assert/strict");
const { Duplex } = require("node:stream");
const { test } = require("node:test");

const { Connection } = require("../dist/connection");
const { next } = require("./support");

/** A connection on a stream; `release()` lets the stream take what it holds back. */
function connect({ slow = false } = {}) {
  const written = [];
  const seen = [];
  let release = () => {};
  const stream = new Duplex({
    allowHalfOpen: true,
    highWaterMark: 8,
    read() {},
    write(chunk, _encoding, done) {
      written.push(chunk.toString());
      if (slow) {
        release = done;
      } else {
        done();
      }
    },
    writev(chunks, done) {
      written.push(chunks.map(({ chunk }) => chunk.toString()));
      done();
    },
  });
  const connection = new Connection(7, {}, stream, {
    onBytes: (conn, chunk) => seen.push(["bytes", conn, chunk.toString()]),
    onCongested: (conn, congested) => seen.push(["congested", conn, congested]),
    onEnd: (conn) => seen.push(["end", conn]),
  });
  return { connection, stream, written, seen, release: () => release() };
}

test("writes that touch in memory leave as one", () => {
  const { connection, written } = connect();
  const bytes = Buffer.from("abcdef");
  assert.equal(connection.write(bytes, 0, 2), true);
  assert.equal(connection.write(bytes, 2, 4), false);
  assert.deepEqual(written, []);
  connection.flush();
  assert.deepEqual(written, ["abcd"]);
  assert.equal(connection.write(bytes, 4, 6), true);
  connection.flush();
  assert.deepEqual(written, ["abcd", "ef"]);
});

test("writes that do not touch leave together", () => {
  const { connection, written } = connect();
  connection.write(Buffer.from("abcdef"), 0, 2);
  connection.write(Buffer.from("abcdef"), 2, 4);
  connection.write(Buffer.from("xyz"), 0, 3);
  assert.deepEqual(written, []);
  connection.flush();
  assert.deepEqual(written, [["ab", "cd", "xyz"]]);
});

test("a peer that reads slowly is congestion, told once each way", async () => {
  const { connection, stream, seen, release } = connect({ slow: true });
  const bytes = Buffer.alloc(1_000, "x");
  connection.write(bytes, 0, 500);
  connection.flush();
  connection.write(bytes, 500, 1_000);
  connection.flush();
  assert.deepEqual(seen, [["congested", 7, true]]);
  const drained = next(stream, "drain");
  release();
  await new Promise(setImmediate);
  release();
  await drained;
  assert.deepEqual(seen.slice(1), [["congested", 7, false]]);
});

test("bytes are passed on, and the end is told once", async () => {
  const { stream, seen } = connect();
  stream.push("abc");
  await new Promise(setImmediate);
  stream.push(null);
  await next(stream, "close");
  assert.deepEqual(seen, [
    ["bytes", 7, "abc"],
    ["end", 7],
  ]);
});

test("a peer that resets is an end like any other", async () => {
  const { stream, seen } = connect();
  stream.destroy(new Error("ECONNRESET"));
  await next(stream, "close");
  assert.deepEqual(seen, [["end", 7]]);
});

test("closing writes everything first, and ends for a peer that never closes", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { connection, stream, written, seen } = connect();
  let closed = 0;
  connection.write(Buffer.from("bye"), 0, 3);
  connection.close(10_000, () => (closed += 1));
  await new Promise(setImmediate);
  assert.deepEqual(written, ["bye"]);
  assert.equal(stream.writableEnded, true);
  assert.equal(stream.destroyed, false);
  stream.push("too late");
  t.mock.timers.tick(2_000);
  assert.equal(stream.destroyed, true);
  await new Promise(setImmediate);
  assert.equal(closed, 1);
  assert.deepEqual(seen, []);
});

test("closing gives up on a peer that reads nothing", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { connection, stream } = connect({ slow: true });
  connection.write(Buffer.from("bye"), 0, 3);
  connection.close(10_000, () => {});
  t.mock.timers.tick(9_999);
  assert.equal(stream.destroyed, false);
  t.mock.timers.tick(1);
  assert.equal(stream.destroyed, true);
});
