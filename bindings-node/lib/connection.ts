/**
 * One upgraded socket: its bytes in, its bytes out, its end.
 */

import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import type { Socket as NetSocket } from "node:net";

/** What a connection tells about its socket. */
export interface ConnectionEvents {
  onBytes(conn: number, chunk: Buffer): void;
  onCongested(conn: number, congested: boolean): void;
  onEnd(conn: number): void;
}

/**
 * Writes that touch in memory leave as one: the answers to a batch of messages lie one behind the
 * other in the bytes that the core wrote, so they need no copy to become one packet on the network.
 */
export class Connection {
  private congested = false;
  private corked = false;
  private bytes: Buffer | undefined;
  private start = 0;
  private end = 0;
  private timer: NodeJS.Timeout | undefined;
  private limitDue = Infinity;

  constructor(
    readonly id: number,
    readonly request: IncomingMessage,
    private readonly socket: Duplex,
    private readonly events: ConnectionEvents,
  ) {
    const { setTimeout, setNoDelay } = socket as Partial<NetSocket>;
    setTimeout?.call(socket, 0);
    setNoDelay?.call(socket, true);
    socket.on("data", this.onData);
    socket.on("drain", this.onDrain);
    socket.on("end", this.onEnd);
    socket.on("close", this.onEnd);
    // The `close` that follows says enough.
    socket.on("error", ignore);
  }

  /** Queues `bytes[start..end)`; `true` when a `flush` is now due. */
  write(bytes: Buffer, start: number, end: number): boolean {
    if (this.bytes === bytes && this.end === start) {
      this.end = end;
      return false;
    }
    const first = this.bytes === undefined;
    if (!first) {
      this.cork();
      this.push();
    }
    this.bytes = bytes;
    this.start = start;
    this.end = end;
    return first;
  }

  /** Writes what was queued. */
  flush(): void {
    this.push();
    if (this.corked) {
      this.corked = false;
      this.socket.uncork();
    }
    if (!this.congested && this.socket.writableNeedDrain) {
      this.congested = true;
      this.events.onCongested(this.id, true);
    }
  }

  /** Ends the transport once everything is written, or when `limitMillis` are over. */
  close(limitMillis: number, onClosed: () => void): void {
    this.flush();
    this.detach();
    const { socket } = this;
    if (socket.destroyed) {
      onClosed();
      return;
    }
    this.limit(limitMillis);
    socket.once("close", () => {
      clearTimeout(this.timer);
      onClosed();
    });
    // What the peer still sends is read and dropped: closing over unread bytes would reset the
    // connection, and the peer could lose our last words.
    socket.resume();
    socket.end(() => this.limit(LINGER_MILLIS));
  }

  /** Ends a closing transport when `millis` are over, if they are over before its limit. */
  limit(millis: number): void {
    const due = performance.now() + millis;
    if (due < this.limitDue) {
      this.limitDue = due;
      clearTimeout(this.timer);
      this.timer = setTimeout(() => this.socket.destroy(), millis);
      this.timer.unref();
    }
  }

  private readonly onData = (chunk: Buffer): void => {
    this.events.onBytes(this.id, chunk);
  };

  private readonly onDrain = (): void => {
    if (this.congested) {
      this.congested = false;
      this.events.onCongested(this.id, false);
    }
  };

  private readonly onEnd = (): void => {
    this.detach();
    this.events.onEnd(this.id);
    this.socket.end();
  };

  private cork(): void {
    if (!this.corked) {
      this.corked = true;
      this.socket.cork();
    }
  }

  private push(): void {
    if (this.bytes !== undefined && this.socket.writable) {
      this.socket.write(this.bytes.subarray(this.start, this.end));
    }
    this.bytes = undefined;
  }

  private detach(): void {
    const { socket } = this;
    socket.off("data", this.onData);
    socket.off("drain", this.onDrain);
    socket.off("end", this.onEnd);
    socket.off("close", this.onEnd);
  }
}

function ignore(): void {}

/** How long the peer may take to close its side, once everything is written. */
const LINGER_MILLIS = 2_000;
