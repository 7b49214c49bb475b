/**
 * The Engine.IO level of a server: sessions over HTTP requests and upgrades.
 */

import { EventEmitter } from "node:events";
import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { attach } from "./attach";
import type { Route } from "./attach";
import type { ClientBundle } from "./client-bundle";
import { CorsPolicy } from "./cors";
import { Driver, refuseUpgrade } from "./driver";
import type { DriverEvents } from "./driver";
import { EngineSocket } from "./engine-socket";
import { nativeOptions, requestPath } from "./options";
import type { EngineOptions } from "./options";
import { Kind } from "./records";
import type { RecordView } from "./records";
import { guard } from "./guard";

/** Why a request was refused, as `connection_error` tells it. */
export interface ConnectionError {
  req: IncomingMessage | undefined;
  code: number | undefined;
  message: string;
  context: Record<string, unknown>;
}

export interface EngineEvents {
  connection: [socket: EngineSocket];
  connection_error: [error: ConnectionError];
}

export class Engine extends EventEmitter<EngineEvents> implements DriverEvents {
  /** @internal */
  readonly driver: Driver;
  /** @internal Whoever is told what happens above the sessions. */
  onSocketRecord: ((record: RecordView) => void) | undefined;

  /** @internal Files that are served below the same path. */
  bundle: ClientBundle | undefined;

  private readonly sessions = new Map<number, EngineSocket>();
  private readonly cors: CorsPolicy;
  private isClosed = false;
  private readonly detachers: Array<() => void> = [];

  constructor(
    protocol: "engine.io" | "socket.io",
    /** The options that the server was made with. */
    readonly opts: EngineOptions = {},
  ) {
    super();
    this.cors = new CorsPolicy(opts.cors);
    this.driver = new Driver({ ...nativeOptions(protocol, opts), cors: this.cors.native }, this);
  }

  /** How many sessions are open. */
  get clientsCount(): number {
    return this.sessions.size;
  }

  /** Takes the requests of an HTTP server below the path of the options. */
  attach(server: HttpServer): this {
    const path = requestPath(this.opts);
    const { destroyUpgrade = true, destroyUpgradeTimeout = 1_000 } = this.opts;
    const route: Route = {
      matches: (request) => (request.url ?? "").startsWith(path),
      onRequest: (request, response) => {
        if (this.bundle?.handleRequest(request, response) !== true) {
          this.handleRequest(request, response);
        }
      },
      onUpgrade: (request, socket, head) => this.handleUpgrade(request, socket, head),
      foreignUpgradeTimeout: destroyUpgrade ? destroyUpgradeTimeout : undefined,
    };
    this.detachers.push(attach(server, route));
    return this;
  }

  /** Answers one request. */
  handleRequest(request: IncomingMessage, response: ServerResponse): void {
    this.admit(request, (verdict) => {
      if (this.isClosed) {
        response.writeHead(503, { Connection: "close" }).end();
      } else if (verdict.refused !== undefined) {
        const body = refusalBody(verdict.refused);
        this.onReply(request, 403, body);
        response.writeHead(403, [...JSON_HEADERS, "Content-Length", String(body.length)]);
        response.end(body);
      } else if (verdict.preflight) {
        response.writeHead(204, [...verdict.headers, "Content-Length", "0"]);
        response.end();
      } else {
        this.driver.handleRequest(request, response, verdict.headers);
      }
    });
  }

  /** Takes over one socket; `head` is what came after the request. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    // Whatever happens to the socket until the core has it must not end the process.
    const onError = (): void => void socket.destroy();
    socket.on("error", onError);
    this.admit(request, (verdict) => {
      socket.off("error", onError);
      if (this.isClosed) {
        refuseUpgrade(socket, 503, "", Buffer.alloc(0));
      } else if (verdict.refused !== undefined) {
        const body = refusalBody(verdict.refused);
        this.onReply(request, 403, body);
        refuseUpgrade(socket, 400, JSON_HEADER_LINE, body);
      } else {
        this.driver.handleUpgrade(request, socket, head);
      }
    });
  }

  /** Closes every session and lets go of every HTTP server. */
  close(): this {
    this.shutDown();
    this.detach();
    return this;
  }

  /** @internal Closes every session, and refuses what still comes. */
  shutDown(): void {
    this.isClosed = true;
    this.driver.close();
  }

  /** @internal Lets go of every HTTP server. */
  detach(): void {
    for (const detach of this.detachers.splice(0)) {
      detach();
    }
  }

  /** @internal */
  session(key: number): EngineSocket | undefined {
    return this.sessions.get(key);
  }

  /** @internal */
  onRecord(record: RecordView): void {
    const { key } = record;
    switch (record.kind) {
      case Kind.SessionOpened:
        this.open(key, record.text1(), record.a, record.b === 1);
        break;
      case Kind.SessionUpgraded:
        guard(this, () => this.sessions.get(key)?.onUpgrade());
        break;
      case Kind.SessionText: {
        const text = record.text1();
        guard(this, () => this.sessions.get(key)?.emit("message", text));
        break;
      }
      case Kind.SessionBinary: {
        const binary = record.binary(record.b);
        guard(this, () => this.sessions.get(key)?.emit("message", binary));
        break;
      }
      case Kind.SessionClosed:
        this.end(key, record.text1(), record.text2());
        break;
      default:
        this.onSocketRecord?.(record);
    }
  }

  /** @internal */
  onReply(request: IncomingMessage, status: number, body: Buffer): void {
    if (status < 400 || this.listenerCount("connection_error") === 0) {
      return;
    }
    const { code, message } = readRefusal(body);
    guard(this, () => {
      this.emit("connection_error", { req: request, code, message, context: {} });
    });
  }

  private open(key: number, sid: string, by: number, isConnection: boolean): void {
    const request = this.driver.requestOf(by, isConnection);
    if (request === undefined) {
      return;
    }
    const transport = isConnection ? "websocket" : "polling";
    const session = new EngineSocket(this, key, sid, transport, request);
    this.sessions.set(key, session);
    guard(this, () => this.emit("connection", session));
  }

  private end(key: number, reason: string, detail: string): void {
    const session = this.sessions.get(key);
    if (session !== undefined) {
      this.sessions.delete(key);
      guard(session, () => session.onClose(reason, detail));
    }
  }

  /** Asks the application's `allowRequest` and dynamic `cors`, where there are any. */
  private admit(request: IncomingMessage, then: (verdict: Verdict) => void): void {
    this.cors.decide(request, (cors) => {
      const { allowRequest } = this.opts;
      if (cors.preflight || allowRequest === undefined || !isHandshake(request)) {
        then(cors);
        return;
      }
      let answered = false;
      allowRequest(request, (refusal, allowed) => {
        if (!answered) {
          answered = true;
          then(allowed ? cors : { ...cors, refused: refusal ?? "Forbidden" });
        }
      });
    });
  }
}

/** What the application says about a request. */
interface Verdict {
  /** Why the application refuses it. */
  refused?: string;
  /** The application's CORS rules answer it: the core never sees it. */
  preflight: boolean;
  /** Headers for the answer: name and value in turn. */
  headers: readonly string[];
}

/** A session is admitted once; its later requests carry its secret id. */
function isHandshake(request: IncomingMessage): boolean {
  const { url = "" } = request;
  const query = url.indexOf("?");
  return query === -1 || !new URLSearchParams(url.slice(query)).has("sid");
}

function refusalBody(message: string): Buffer {
  return Buffer.from(JSON.stringify({ code: FORBIDDEN, message }));
}

function readRefusal(body: Buffer): { code: number | undefined; message: string } {
  const text = body.toString();
  try {
    const { code, message } = JSON.parse(text) as { code?: number; message?: string };
    return { code, message: message ?? text };
  } catch {
    return { code: undefined, message: text };
  }
}

/** "Forbidden" among the error codes of Engine.IO. */
const FORBIDDEN = 4;
const JSON_HEADERS = ["Content-Type", "application/json"];
const JSON_HEADER_LINE = "Content-Type: application/json\r\n";
