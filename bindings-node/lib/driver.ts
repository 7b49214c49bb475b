/**
 * The drive loop: what the host sees goes into the core, what the core wants is done.
 */

import { STATUS_CODES } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { Connection } from "./connection";
import type { ConnectionEvents } from "./connection";
import { Exchange, headerText } from "./exchange";
import type { ExchangeEvents } from "./exchange";
import { createNativeServer } from "./native";
import type { NativeOptions, NativeServer } from "./native";
import { Records } from "./records";
import type { Recipient, RecordView } from "./records";

/** Whoever is told what happened. Neither method may throw. */
export interface DriverEvents {
  onRecord(record: RecordView): void;
  /** The core has answered a request, before the answer is written. */
  onReply(request: IncomingMessage, status: number, body: Buffer): void;
}

/**
 * Owns the core's server with everything of the host's that belongs to it: upgraded sockets, open
 * requests and one timer.
 *
 * All writes of one turn leave together: nothing is written before the handlers of a turn have run.
 */
export class Driver implements Recipient, ConnectionEvents, ExchangeEvents {
  readonly native: NativeServer;

  private readonly records: Records;
  private readonly connections = new Map<number, Connection>();
  /** Connections that the core is done with, until their last bytes are written. */
  private readonly closing = new Set<Connection>();
  private readonly exchanges = new Map<number, Exchange>();
  private readonly unflushed: Connection[] = [];
  /** Bytes that came while records were being delivered. */
  private readonly unread: Array<[conn: number, chunk: Uint8Array]> = [];
  private running = false;
  private scheduled = false;
  /** The core was told something after its last drain. */
  private dirty = false;
  private timer: NodeJS.Timeout | undefined;
  private timerDue = Infinity;

  constructor(
    options: NativeOptions,
    private readonly events: DriverEvents,
  ) {
    this.native = createNativeServer(options);
    this.records = new Records(this.native);
  }

  /** Gives the core a request; it answers now or later. */
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    extraHeaders: readonly string[] = [],
  ): void {
    const id = this.native.handleRequest(
      request.method ?? "GET",
      request.url ?? "/",
      request.httpVersion,
      headerText(request),
    );
    const exchange = new Exchange(id, request, response, extraHeaders, this);
    this.exchanges.set(id, exchange);
    exchange.readBody();
    this.run();
  }

  /** Gives the core a request to upgrade, with the bytes that came after its head. */
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    extraHeaders: readonly string[] = [],
  ): void {
    const answer = this.native.handleUpgrade(
      request.method ?? "GET",
      request.url ?? "/",
      request.httpVersion,
      headerText(request),
      extraHeaders.length === 0 ? "" : extraHeaders.join("\n") + "\n",
    );
    if (typeof answer !== "number") {
      const body = Buffer.from(answer.body);
      this.events.onReply(request, answer.status, body);
      refuseUpgrade(socket, answer.status, answer.headers, body);
      this.run();
      return;
    }
    this.connections.set(answer, new Connection(answer, request, socket, this));
    if (head.length > 0) {
      this.onBytes(answer, head);
    } else {
      this.run();
    }
  }

  /** The request that opened a connection or is being answered. */
  requestOf(key: number, isConnection: boolean): IncomingMessage | undefined {
    const owner = isConnection ? this.connections.get(key) : this.exchanges.get(key);
    return owner?.request;
  }

  /** The application said something: the core is drained at the end of this turn. */
  wake(): void {
    if (this.running) {
      this.dirty = true;
    } else if (!this.scheduled) {
      this.scheduled = true;
      queueMicrotask(this.run);
    }
  }

  /** Ends everything at once; what the core still wants to say to its peers is said first. */
  close(): void {
    this.native.shutdown();
    this.run();
    clearTimeout(this.timer);
    for (const conn of [...this.connections.keys()]) {
      this.closeConnection(conn);
    }
    for (const connection of this.closing) {
      connection.limit(SHUTDOWN_MILLIS);
    }
    for (const exchange of [...this.exchanges.values()]) {
      exchange.destroy();
    }
    this.exchanges.clear();
  }

  // What the sockets and requests tell.

  onBytes(conn: number, chunk: Uint8Array): void {
    this.unread.push([conn, chunk]);
    if (!this.running) {
      this.run();
    }
  }

  onCongested(conn: number, congested: boolean): void {
    this.native.handleCongested(conn, congested);
    this.wake();
  }

  onEnd(conn: number): void {
    this.connections.delete(conn);
    this.native.handleEof(conn);
    this.wake();
  }

  onBody(request: number, chunk: Uint8Array, end: boolean): void {
    this.native.handleBody(request, chunk, end);
    this.wake();
  }

  onAbort(request: number): void {
    this.exchanges.delete(request);
    this.native.handleAbort(request);
    this.wake();
  }

  // What the core wants done.

  transmit(conn: number, bytes: Buffer, start: number, end: number): void {
    const connection = this.connections.get(conn);
    if (connection?.write(bytes, start, end)) {
      this.unflushed.push(connection);
    }
  }

  reply(request: number, status: number, headerLines: string, body: Buffer): void {
    const exchange = this.exchanges.get(request);
    if (exchange !== undefined) {
      this.exchanges.delete(request);
      this.events.onReply(exchange.request, status, body);
      exchange.reply(status, headerLines, body);
    }
  }

  closeConnection(conn: number): void {
    const connection = this.connections.get(conn);
    if (connection !== undefined) {
      this.connections.delete(conn);
      this.closing.add(connection);
      connection.close(CLOSE_MILLIS, () => this.closing.delete(connection));
    }
  }

  event(record: RecordView): void {
    this.events.onRecord(record);
  }

  /** Feeds and drains until there is nothing left to do, then writes. */
  private readonly run = (): void => {
    this.scheduled = false;
    if (this.running) {
      this.dirty = true;
      return;
    }
    this.running = true;
    const { records, unread } = this;
    try {
      let rounds = 0;
      do {
        this.dirty = false;
        const input = unread.shift();
        if (input === undefined) {
          records.drain();
        } else {
          records.feed(input[0], input[1]);
        }
        records.deliver(this);
        records.release();
        rounds += 1;
      } while ((records.more || this.dirty || unread.length > 0) && rounds < ROUNDS_PER_TURN);
    } finally {
      this.running = false;
      this.flush();
    }
    if (records.more || this.dirty || unread.length > 0) {
      // One peer's compressed read can mean thousands of events: others get a turn in between.
      setImmediate(this.run);
    }
    this.arm(records.timeoutMillis);
  };

  private flush(): void {
    for (const connection of this.unflushed) {
      connection.flush();
    }
    this.unflushed.length = 0;
  }

  /** One timer for every deadline of the core; one that comes early or late is harmless. */
  private arm(millis: number): void {
    if (millis < 0) {
      return;
    }
    const due = performance.now() + millis;
    if (due >= this.timerDue) {
      return;
    }
    clearTimeout(this.timer);
    this.timerDue = due;
    this.timer = setTimeout(this.onTimer, Math.min(millis, MAX_TIMER_MILLIS));
    this.timer.unref();
  }

  private readonly onTimer = (): void => {
    this.timerDue = Infinity;
    this.native.handleTimeout();
    this.run();
  };
}

/** Answers an upgrade that will not happen, and closes. */
export function refuseUpgrade(
  socket: Duplex,
  status: number,
  headerLines: string,
  body: Buffer,
): void {
  // Somebody who goes away before our answer is no error of this process.
  socket.on("error", () => socket.destroy());
  if (socket.destroyed) {
    return;
  }
  const head =
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ""}\r\n` +
    headerLines +
    `Connection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
  socket.end(Buffer.concat([Buffer.from(head, "latin1"), body]), () => socket.destroy());
}

/** How long a slow peer may take to read what was written before its connection was closed. */
const CLOSE_MILLIS = 10_000;
/** The same while the whole server closes. */
const SHUTDOWN_MILLIS = 1_000;
/** Feeds and drains in one turn of the event loop; a `feed` of ordinary size needs two. */
const ROUNDS_PER_TURN = 64;
/** `setTimeout` takes no more than 2^31 - 1 milliseconds. */
const MAX_TIMER_MILLIS = 2 ** 31 - 1;
