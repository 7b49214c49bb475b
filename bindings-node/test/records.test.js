// The columns that the core writes, read by `lib/records.ts`; the core is played by a table.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { Kind, Records } = require("../dist/records");

const HEADER = 7;

/** A core whose next drain is this. */
function core({ records = [], targets = [], frames = [], binaries = [], text = "", more = false }) {
  const parts = [...frames, ...binaries];
  const offsets = [0];
  for (const part of parts) {
    offsets.push(offsets.at(-1) + part.length);
  }
  const header = [
    records.length * 9,
    targets.length,
    frames.length,
    binaries.length,
    offsets.at(-1),
    more ? 1 : 0,
    250,
  ];
  const body = [...records.flat(), ...targets, ...offsets];
  const native = {
    copyNumbers(numbers) {
      if (numbers.length < HEADER + body.length) {
        return false;
      }
      numbers.set(body, HEADER);
      return true;
    },
    copyBytes(bytes) {
      if (bytes.length < offsets.at(-1)) {
        return false;
      }
      bytes.set(Buffer.concat(parts));
      return true;
    },
    drain(numbers, bytes, start) {
      numbers.set(header);
      native.copyNumbers(numbers);
      native.copyBytes(bytes.subarray(start));
      return text === "" ? null : text;
    },
  };
  return native;
}

/** Everything that one drain of `records` delivers. */
function delivered(records) {
  const seen = [];
  records.drain();
  records.deliver({
    transmit: (conn, bytes, start, end) => {
      seen.push(["transmit", conn, bytes.subarray(start, end).toString()]);
    },
    reply: (...args) => seen.push(["reply", ...args.map(String)]),
    closeConnection: (...args) => seen.push(["close", ...args]),
    event: (record) => {
      const { kind, key, a, b, c } = record;
      const binaries = Array.from({ length: c }, (_, index) => record.binary(b + index).toString());
      seen.push([kind, key, a, record.text1(), record.text2(), record.text3(), binaries]);
    },
  });
  records.release();
  return seen;
}

test("each record is delivered in its place, with its texts and bytes", () => {
  const records = new Records(
    core({
      records: [
        [1, 0, 2, 1, 0, 0, 0, 0, 0],
        [Kind.Event, 44, 7, 1, 2, 0, 3, 3, 3],
        [2, 9, 200, 0, 0, 3, 8, 8, 8],
        [Kind.Connect, 45, 5, 0, 0, 8, 9, 11, 12],
        [3, 11, 1000, 0, 0, 12, 15, 15, 15],
        [1, 2, 1, 0, 0, 15, 15, 15, 15],
      ],
      targets: [71, 72, 73],
      frames: [Buffer.from("first"), Buffer.from("second")],
      binaries: [Buffer.from("body"), Buffer.from("one"), Buffer.from("two")],
      text: "[1]A: b😀xyzbye",
    }),
  );
  assert.deepEqual(delivered(records), [
    ["transmit", 71, "second"],
    ["transmit", 72, "second"],
    [Kind.Event, 44, 7, "[1]", "", "", ["one", "two"]],
    ["reply", "9", "200", "A: b\ud83d", "body"],
    [Kind.Connect, 45, 5, "\ude00", "xy", "z", []],
    ["close", 11, 1000, "bye"],
    ["transmit", 73, "first"],
  ]);
  assert.equal(records.timeoutMillis, 250);
  assert.equal(records.more, false);
});

test("what does not fit into the arrays is fetched into larger ones", () => {
  const large = Buffer.alloc(200_000, "x");
  const targets = Array.from({ length: 100_000 }, (_, index) => index);
  const records = new Records(
    core({
      records: [
        [1, 0, targets.length, 1, 0, 0, 0, 0, 0],
        [1, 7, 1, 0, 0, 0, 0, 0, 0],
      ],
      targets,
      frames: [large, Buffer.from("x")],
      more: true,
    }),
  );
  for (let round = 0; round < 3; round += 1) {
    const seen = delivered(records);
    assert.equal(seen.length, targets.length + 1);
    assert.deepEqual(seen.at(-2), ["transmit", 99_999, "x"]);
    assert.deepEqual(seen.at(-1), ["transmit", 7, large.toString()]);
  }
  assert.equal(records.more, true);
});

test("bytes that were handed on are never written again", () => {
  const records = new Records(
    core({
      records: [[1, 0, 1, 0, 0, 0, 0, 0, 0]],
      targets: [1],
      frames: [Buffer.alloc(3_000, "a")],
    }),
  );
  const kept = [];
  for (let round = 1; round <= 100; round += 1) {
    records.drain();
    records.deliver({
      transmit: (_conn, bytes, start, end) => kept.push(bytes.subarray(start, end)),
    });
    records.release();
    // If a later round wrote here, it would write an "a" over this mark.
    kept.at(-1)[0] = round;
  }
  assert.deepEqual(
    kept.map((bytes) => bytes[0]),
    Array.from({ length: 100 }, (_, index) => index + 1),
  );
});
