// Values as text and attachments, and back.

const assert = require("node:assert/strict");
const { test } = require("node:test");

const { decode, encode } = require("../dist/binary");

test("what holds nothing binary is plain JSON", () => {
  assert.deepEqual(encode(["a", 1, { b: [null] }]), {
    json: '["a",1,{"b":[null]}]',
    attachments: undefined,
  });
  assert.equal(encode([undefined, NaN, Infinity]).json, "[null,null,null]");
});

test("binary values become placeholders, in the order in which they stand", () => {
  const buffer = Buffer.from([1]);
  const view = new DataView(new ArrayBuffer(4), 1, 2);
  const { json, attachments } = encode([buffer, { deep: [view] }, new ArrayBuffer(3)]);
  assert.equal(
    json,
    '[{"_placeholder":true,"num":0},{"deep":[{"_placeholder":true,"num":1}]},{"_placeholder":true,"num":2}]',
  );
  assert.deepEqual(
    attachments.map((bytes) => bytes.byteLength),
    [1, 2, 3],
  );
});

test("toJSON is asked before anything is looked for", () => {
  const value = { toJSON: () => ({ bytes: Buffer.from("x") }) };
  const { json, attachments } = encode([value, new Date(0)]);
  assert.equal(json, '[{"bytes":{"_placeholder":true,"num":0}},"1970-01-01T00:00:00.000Z"]');
  assert.equal(attachments.length, 1);
});

test("encoding leaves the value as it was", () => {
  const value = { bytes: Buffer.from("x"), list: [new Uint8Array(1)] };
  encode([value]);
  assert.ok(Buffer.isBuffer(value.bytes));
  assert.ok(value.list[0] instanceof Uint8Array);
});

test("what cannot be sent says so", () => {
  const circular = {};
  circular.self = circular;
  assert.throws(() => encode([circular]), { name: "TypeError", message: /circular/ });
  assert.throws(() => encode([new Blob(["x"])]), { name: "TypeError", message: /arrayBuffer/ });
  assert.throws(() => encode([1n]), { name: "TypeError" });
});

test("placeholders are filled, and only whole ones", () => {
  const bytes = [Buffer.from("a"), Buffer.from("b")];
  const json =
    '["x",{"_placeholder":true,"num":1},{"deep":[{"_placeholder":true,"num":0}],"_placeholder":false}]';
  assert.deepEqual(decode(json, bytes), ["x", bytes[1], { deep: [bytes[0]], _placeholder: false }]);
  assert.deepEqual(decode('["x",{"_placeholder":true,"num":0}]', []), [
    "x",
    { _placeholder: true, num: 0 },
  ]);
});

test("a key named __proto__ is a key and no prototype", () => {
  const [value] = decode('[{"__proto__":{"_placeholder":true,"num":0}}]', [Buffer.from("a")]);
  assert.equal(Object.getPrototypeOf(value), Object.prototype);
  assert.deepEqual(Object.keys(value), ["__proto__"]);

  const { json } = encode([JSON.parse('{"__proto__":1}'), Buffer.from("a")]);
  assert.equal(json, '[{"__proto__":1},{"_placeholder":true,"num":0}]');
});

test("a deeply nested value is decoded without a stack", () => {
  const depth = 100_000;
  const json = `${"[".repeat(depth)}{"_placeholder":true,"num":0}${"]".repeat(depth)}`;
  let value = decode(json, [Buffer.from("a")]);
  for (let level = 0; level < depth; level += 1) {
    [value] = value;
  }
  assert.deepEqual(value, Buffer.from("a"));
});
