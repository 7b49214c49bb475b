/**
 * Values as the text of a packet, binary ones apart from it as attachments.
 *
 * In the text, `{"_placeholder":true,"num":N}` stands for the attachment with the index N
 * (Socket.IO protocol 5, "Sending and receiving binary data").
 */

/** Arguments that are ready for the core. */
export interface Encoded {
  /** A JSON array. */
  json: string;
  attachments: Uint8Array[] | undefined;
}

/** Encodes the arguments of an event or of an acknowledgement. */
export function encode(args: readonly unknown[]): Encoded {
  if (!args.some((value) => holdsBinary(value, 0))) {
    return { json: JSON.stringify(args), attachments: undefined };
  }
  const attachments: Uint8Array[] = [];
  const text = args.map((value) => withoutBinary(value, attachments));
  return { json: JSON.stringify(text), attachments };
}

/** Decodes what the core checked: each attachment is named by exactly one placeholder. */
export function decode(json: string, attachments: readonly Buffer[]): unknown[] {
  const args = JSON.parse(json) as unknown[];
  if (attachments.length > 0) {
    fillPlaceholders(args, attachments);
  }
  return args;
}

function holdsBinary(value: unknown, depth: number): boolean {
  if (typeof value !== "object" || value === null) {
    return false;
  }
  if (asBytes(value) !== undefined) {
    return true;
  }
  if (depth > MAX_DEPTH) {
    throw new TypeError(
      `this value cannot be sent: it is circular, or nested deeper than ${MAX_DEPTH} levels`,
    );
  }
  if (Array.isArray(value)) {
    for (const item of value) {
      if (holdsBinary(item, depth + 1)) {
        return true;
      }
    }
    return false;
  }
  if (hasToJson(value)) {
    return holdsBinary(value.toJSON(), depth + 1);
  }
  for (const key in value) {
    if (Object.hasOwn(value, key) && holdsBinary((value as Plain)[key], depth + 1)) {
      return true;
    }
  }
  return false;
}

/** A copy with a placeholder for each binary value. It is as deep as `holdsBinary` allowed. */
function withoutBinary(value: unknown, attachments: Uint8Array[]): unknown {
  if (typeof value !== "object" || value === null) {
    return value;
  }
  const bytes = asBytes(value);
  if (bytes !== undefined) {
    attachments.push(bytes);
    return { _placeholder: true, num: attachments.length - 1 };
  }
  if (Array.isArray(value)) {
    return value.map((item) => withoutBinary(item, attachments));
  }
  if (hasToJson(value)) {
    return withoutBinary(value.toJSON(), attachments);
  }
  const copy: Plain = {};
  for (const [key, item] of Object.entries(value)) {
    set(copy, key, withoutBinary(item, attachments));
  }
  return copy;
}

/** The bytes of a binary value, not copied; `undefined` for anything else. */
function asBytes(value: object): Uint8Array | undefined {
  if (value instanceof Uint8Array) {
    return value;
  }
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) {
    return new Uint8Array(value);
  }
  if (value instanceof Blob) {
    throw new TypeError("a Blob cannot be sent at once: send `await blob.arrayBuffer()` instead");
  }
  return undefined;
}

/** A client chooses how deep a value is nested, so this one must not recurse. */
function fillPlaceholders(args: unknown[], attachments: readonly Buffer[]): void {
  const waiting: object[] = [args];
  for (let parent = waiting.pop(); parent !== undefined; parent = waiting.pop()) {
    for (const [key, item] of Object.entries(parent)) {
      if (typeof item !== "object" || item === null) {
        continue;
      }
      const { _placeholder, num } = item as { _placeholder?: unknown; num?: unknown };
      if (_placeholder === true && typeof num === "number" && attachments[num] !== undefined) {
        set(parent as Plain, key, attachments[num]);
      } else {
        waiting.push(item as object);
      }
    }
  }
}

/** Assigns an own property: `__proto__` is a name like any other in JSON. */
function set(target: Plain, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(target, key, {
      value,
      writable: true,
      enumerable: true,
      configurable: true,
    });
  } else {
    target[key] = value;
  }
}

function hasToJson(value: object): value is { toJSON(): unknown } {
  return typeof (value as { toJSON?: unknown }).toJSON === "function";
}

type Plain = Record<string, unknown>;

const MAX_DEPTH = 1_000;
