/**
 * Reading what the core wrote: columns of numbers, one text, one run of bytes.
 *
 * The arrays belong to JavaScript and are used again and again, so a drain makes no objects but the
 * ones that are handed on. The layout is written in `src/columns.rs` and, record by record, in the
 * core's `server/batch.rs`.
 */

import type { NativeServer } from "./native";

/** Whoever acts on the records, in the order in which the core wrote them. */
export interface Recipient {
  transmit(conn: number, bytes: Buffer, start: number, end: number): void;
  reply(request: number, status: number, headers: string, body: Buffer): void;
  closeConnection(conn: number, code: number, reason: string): void;
  /** A record about something that the application should know. */
  event(record: RecordView): void;
}

/** Numbers for the kinds of records that are events. */
export const Kind = {
  Opened: 10,
  Text: 11,
  Binary: 12,
  Closed: 13,
  SessionOpened: 20,
  SessionUpgraded: 21,
  SessionText: 22,
  SessionBinary: 23,
  SessionClosed: 24,
  Connect: 30,
  Event: 31,
  Answer: 32,
  AckSettled: 33,
  Disconnect: 34,
  Refused: 40,
} as const;

/** One event, valid until the recipient's method returns. */
export interface RecordView {
  readonly kind: number;
  readonly key: number;
  readonly a: number;
  readonly b: number;
  readonly c: number;
  text1(): string;
  text2(): string;
  text3(): string;
  /** A copy of the attachment with this index: it may be kept. */
  binary(index: number): Buffer;
}

/** The arrays of one server, and the place of the record that is being read. */
export class Records implements RecordView {
  kind = 0;
  key = 0;
  a = 0;
  b = 0;
  c = 0;
  /** The last drain stopped at its budget: drain again. */
  more = false;
  /** Milliseconds until the core wants `handleTimeout`, or a negative number. */
  timeoutMillis = -1;

  private numbers = new Float64Array(NUMBERS);
  private bytes = Buffer.allocUnsafeSlow(BYTES);
  /** Bytes before this one were handed on, and may still wait for a slow socket. */
  private start = 0;
  private text = "";
  private at = HEADER;
  private targets = 0;
  private offsets = 0;
  private frames = 0;

  constructor(private readonly native: NativeServer) {}

  /** Drains the core. */
  drain(): void {
    this.take(this.native.drain(this.numbers, this.bytes, this.start));
  }

  /** Gives the core what a connection read, and drains it. */
  feed(conn: number, input: Uint8Array): void {
    this.take(this.native.feed(conn, input, this.numbers, this.bytes, this.start));
  }

  /** Passes every record of the last drain on, in order. */
  deliver(recipient: Recipient): void {
    const { numbers } = this;
    for (this.at = HEADER; this.at < this.targets; this.at += WIDTH) {
      this.kind = numbers[this.at];
      this.key = numbers[this.at + 1];
      this.a = numbers[this.at + 2];
      this.b = numbers[this.at + 3];
      this.c = numbers[this.at + 4];
      switch (this.kind) {
        case TRANSMIT:
          this.transmit(recipient);
          break;
        case REPLY:
          recipient.reply(this.key, this.a, this.text1(), this.binary(this.b));
          break;
        case CLOSE:
          recipient.closeConnection(this.key, this.a, this.text1());
          break;
        default:
          recipient.event(this);
      }
    }
  }

  text1(): string {
    return this.text.slice(this.numbers[this.at + 5], this.numbers[this.at + 6]);
  }

  text2(): string {
    return this.text.slice(this.numbers[this.at + 6], this.numbers[this.at + 7]);
  }

  text3(): string {
    return this.text.slice(this.numbers[this.at + 7], this.numbers[this.at + 8]);
  }

  binary(index: number): Buffer {
    const part = this.offsets + this.frames + index;
    return Buffer.from(
      this.bytes.subarray(this.start + this.numbers[part], this.start + this.numbers[part + 1]),
    );
  }

  /** Everything was delivered: what the bytes were lent to may keep them. */
  release(): void {
    this.start += this.numbers[BYTE_COUNT];
    this.text = "";
    if (this.bytes.length - this.start < BYTES_AT_LEAST) {
      this.replaceBytes(BYTES);
    }
    if (this.numbers.length > NUMBERS_KEPT) {
      this.numbers = new Float64Array(NUMBERS);
    }
  }

  private take(text: string | null): void {
    const header = this.numbers;
    const [records, targets, frames, binaries, bytes, more, timeout] = header;
    this.text = text ?? "";
    this.more = more !== 0;
    this.timeoutMillis = timeout;
    this.targets = HEADER + records;
    this.offsets = this.targets + targets;
    this.frames = frames;
    const needed = this.offsets + frames + binaries + 1;
    if (needed > header.length) {
      this.numbers = new Float64Array(needed);
      this.numbers.set(header.subarray(0, HEADER));
      this.native.copyNumbers(this.numbers);
    }
    if (bytes > this.bytes.length - this.start) {
      this.replaceBytes(bytes);
      this.native.copyBytes(this.bytes);
    }
  }

  private transmit(recipient: Recipient): void {
    const { numbers } = this;
    const part = this.offsets + this.b;
    const start = this.start + numbers[part];
    const end = this.start + numbers[part + 1];
    const first = this.targets + this.key;
    for (let target = first; target < first + this.a; target += 1) {
      recipient.transmit(numbers[target], this.bytes, start, end);
    }
  }

  private replaceBytes(atLeast: number): void {
    this.bytes = Buffer.allocUnsafeSlow(Math.max(BYTES, atLeast));
    this.start = 0;
  }
}

const TRANSMIT = 1;
const REPLY = 2;
const CLOSE = 3;

/** Numbers before the first record: records, targets, frames, binaries, bytes, more, timeout. */
const HEADER = 7;
const BYTE_COUNT = 4;
/** Numbers of one record: kind, key, a, b, c, and the offsets of its three texts. */
const WIDTH = 9;

const NUMBERS = 4 * 1024;
/** A larger array, as a large broadcast needs, is given back. */
const NUMBERS_KEPT = 64 * 1024;
const BYTES = 64 * 1024;
/** With less room than this left, the next run of bytes is begun. */
const BYTES_AT_LEAST = 4 * 1024;
