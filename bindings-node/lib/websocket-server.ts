/**
 * `sansocket/websocket`: plain WebSocket connections (RFC 6455).
 */

import { EventEmitter } from "node:events";
import type { IncomingMessage, Server as HttpServer } from "node:http";

import { attach } from "./attach";
import { Driver } from "./driver";
import type { DriverEvents } from "./driver";
import { guard } from "./guard";
import { Kind } from "./records";
import type { RecordView } from "./records";

export interface WebSocketServerOptions {
  /** The path of the connections. Default: `/`. */
  path?: string;
  /** Bytes of the largest message of a client. Default: 1 MiB. */
  maxMessageBytes?: number;
  /** Frames of which a message may consist. Default: 16,384. */
  maxFragments?: number;
  /** Bytes that may wait for a client that does not read; past them it is closed. Default: 1 MiB. */
  maxBufferedBytes?: number;
  /** Whether clients may agree on permessage-deflate (RFC 7692). Default: false. */
  perMessageDeflate?: boolean;
}

export interface WebSocketServerEvents {
  connection: [socket: WebSocket];
}

export class Server extends EventEmitter<WebSocketServerEvents> implements DriverEvents {
  private readonly driver: Driver;
  private readonly sockets = new Map<number, WebSocket>();
  private readonly detachers: Array<() => void> = [];
  private readonly path: string;

  constructor(options: WebSocketServerOptions = {}) {
    super();
    const { path = "/", ...limits } = options;
    this.path = path;
    this.driver = new Driver({ protocol: "websocket", cors: { origins: ["*"] }, ...limits }, this);
  }

  /** Takes the upgrades of an HTTP server to the path; its requests stay with their listeners. */
  attach(server: HttpServer): this {
    this.detachers.push(
      attach(server, {
        matches: (request) => request.headers.upgrade !== undefined && this.isOurs(request),
        onRequest: (_request, response) => void response.writeHead(426).end(),
        onUpgrade: (request, socket, head) => this.driver.handleUpgrade(request, socket, head),
        foreignUpgradeTimeout: undefined,
      }),
    );
    return this;
  }

  /** Closes every connection and lets go of every HTTP server. */
  close(): void {
    for (const detach of this.detachers.splice(0)) {
      detach();
    }
    this.driver.close();
  }

  /** @internal */
  onRecord(record: RecordView): void {
    const socket = this.sockets.get(record.key);
    switch (record.kind) {
      case Kind.Opened:
        this.open(record.key);
        break;
      case Kind.Text: {
        const text = record.text1();
        guard(this, () => socket?.emit("message", text));
        break;
      }
      case Kind.Binary: {
        const binary = record.binary(record.b);
        guard(this, () => socket?.emit("message", binary));
        break;
      }
      case Kind.Closed: {
        const [code, reason] = [record.a, record.text1()];
        this.sockets.delete(record.key);
        guard(this, () => socket?.emit("close", code, reason));
        break;
      }
      default:
        break;
    }
  }

  /** @internal */
  onReply(): void {}

  private open(key: number): void {
    const request = this.driver.requestOf(key, true);
    if (request !== undefined) {
      const socket = new WebSocket(this.driver, key, request);
      this.sockets.set(key, socket);
      guard(this, () => this.emit("connection", socket));
    }
  }

  private isOurs(request: IncomingMessage): boolean {
    return (request.url ?? "").split("?", 1)[0] === this.path;
  }
}

export interface WebSocketEvents {
  message: [data: string | Buffer];
  close: [code: number, reason: string];
}

/** One connection. */
export class WebSocket extends EventEmitter<WebSocketEvents> {
  /** @internal */
  constructor(
    private readonly driver: Driver,
    private readonly key: number,
    /** The request that was upgraded. */
    readonly request: IncomingMessage,
  ) {
    super();
  }

  /** Sends a message. */
  send(data: string | Uint8Array): void {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("a message must be a string or a Uint8Array");
    }
    this.driver.native.send(this.key, data);
    this.driver.wake();
  }

  /** Begins the closing handshake. */
  close(code = 1000, reason = ""): void {
    if (!Number.isInteger(code) || typeof reason !== "string") {
      throw new TypeError("a close code must be an integer and its reason a string");
    }
    this.driver.native.close(this.key, code, reason);
    this.driver.wake();
  }
}
