/**
 * A Socket.IO server.
 */

import { EventEmitter } from "node:events";
import { createServer } from "node:http";
import type { Server as HttpServer } from "node:http";
import type { Server as HttpsServer } from "node:https";

import type { BroadcastOperator, RemoteSocket } from "./broadcast-operator";
import { ClientBundle } from "./client-bundle";
import { Core } from "./core";
import { Engine } from "./engine";
import { Namespace } from "./namespace";
import type { ConnectionMiddleware, NamespaceReservedEvents } from "./namespace";
import type { ServerOptions } from "./options";
import type { Socket } from "./socket";
import { TypedEmitter } from "./typed-emitter";
import type {
  DefaultEventsMap,
  EventNames,
  EventParams,
  EventsMap,
  WithManyAnswers,
  WithTimeout,
} from "./typed-events";

/** A Node HTTP server of any kind. */
export type AnyHttpServer = HttpServer | HttpsServer;

/**
 * @typeParam ListenEvents - the events that clients emit
 * @typeParam EmitEvents - the events that the server emits
 * @typeParam ServerSideEvents - the events between servers
 * @typeParam SocketData - the type of `socket.data`
 *
 * An error that a handler throws goes to the `error` listeners of its socket or namespace; without
 * any, it becomes an uncaught exception of the process, and the other clients are served on.
 */
export class Server<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = any,
> extends TypedEmitter<
  ServerSideEvents,
  NamespaceReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
> {
  /** The Engine.IO level. */
  readonly engine: Engine;
  /** The namespace `/`. */
  readonly sockets: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>;
  /** The HTTP server, once there is one. */
  httpServer: AnyHttpServer | undefined;

  private readonly core: Core;
  private readonly options: ServerOptions;
  private readonly namespaces = new Map<
    string,
    Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
  >();

  /**
   * @param server - an HTTP server to share, or a port to listen on, or the options
   * @param options - see {@link ServerOptions}
   */
  constructor(options?: ServerOptions);
  constructor(server?: AnyHttpServer | number, options?: ServerOptions);
  constructor(server?: AnyHttpServer | number | ServerOptions, options: ServerOptions = {}) {
    super();
    const isOptions = typeof server === "object" && !isHttpServer(server);
    const given = isOptions ? server : options;
    this.options = { ...given, path: given.path ?? "/socket.io" };
    this.engine = new Engine("socket.io", this.options);
    if (this.options.serveClient !== false) {
      this.engine.bundle = ClientBundle.find(`${this.path().replace(/\/$/, "")}/`);
    }
    this.core = new Core(this.engine, (name) => this.namespaces.get(name));
    this.sockets = new Namespace(this, this.core, "/");
    this.namespaces.set("/", this.sockets);
    if (server !== undefined && !isOptions) {
      this.attach(server);
    }
  }

  /** Shares an HTTP server, or listens on a port with a server of its own. */
  attach(server: AnyHttpServer | number): this {
    if (typeof server === "function") {
      throw new TypeError(
        "this is a request handler, not an HTTP server: pass `http.createServer(handler)`",
      );
    }
    const port = typeof server === "object" ? undefined : checkPort(server);
    const httpServer =
      typeof server === "object"
        ? server
        : createServer((_request, response) => response.writeHead(404).end());
    this.httpServer = httpServer;
    this.engine.attach(httpServer);
    if (port !== undefined) {
      httpServer.listen(port);
    }
    return this;
  }

  /** The same as `attach`. */
  listen(server: AnyHttpServer | number): this {
    return this.attach(server);
  }

  /** The path below which requests are answered. */
  path(): string {
    return this.options.path ?? "/socket.io";
  }

  /**
   * A namespace; it is made when it does not exist. Clients can only connect to those that do.
   *
   * @param listener - for the `connection` event of the namespace
   */
  of(
    name: string,
    listener?: (socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>) => void,
  ): Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData> {
    if (typeof name !== "string") {
      throw new TypeError(`the name of a namespace must be a string, not ${String(name)}`);
    }
    const full = name.startsWith("/") ? name : `/${name}`;
    let namespace = this.namespaces.get(full);
    if (namespace === undefined) {
      this.core.addNamespace(full);
      namespace = new Namespace(this, this.core, full);
      this.namespaces.set(full, namespace);
    }
    if (listener !== undefined) {
      namespace.on("connection", listener);
    }
    return namespace;
  }

  /** Disconnects everybody, and closes the HTTP server too. */
  async close(callback?: (error?: Error) => void): Promise<void> {
    this.engine.shutDown();
    const { httpServer } = this;
    const error = await new Promise<Error | undefined>((resolve) => {
      if (httpServer === undefined) {
        resolve(undefined);
      } else {
        httpServer.close(resolve);
      }
    });
    // Not before: a request that came meanwhile and found no listener would hold the server open.
    this.engine.detach();
    callback?.(error);
  }

  /** Adds a middleware to the namespace `/`. */
  use(
    middleware: ConnectionMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
  ): this {
    this.sockets.use(middleware);
    return this;
  }

  /** Sends an event to every socket of the namespace `/`. */
  override emit<Name extends EventNames<EmitEvents>>(
    name: Name,
    ...args: EventParams<WithManyAnswers<EmitEvents>, Name>
  ): boolean {
    return this.sockets.emit(name, ...args);
  }

  /** Sends a `message` event to every socket of the namespace `/`. */
  send(...args: EventParams<EmitEvents, "message">): this {
    this.sockets.send(...args);
    return this;
  }

  /** Sends a `message` event to every socket of the namespace `/`. */
  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  /** Those of the namespace `/` in a room, or in any of several. */
  to(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.to(room);
  }

  /** Those of the namespace `/` in a room, or in any of several. */
  in(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.in(room);
  }

  /** Those of the namespace `/` who are not in a room, or not in any of several. */
  except(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.except(room);
  }

  /** Whether the next packet may be compressed. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.compress(compress);
  }

  /** The next packet may be lost for clients that cannot take it at once. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.volatile;
  }

  /** Only the sockets of this process. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.sockets.local;
  }

  /** Milliseconds that the clients have to acknowledge the next packet. */
  timeout(millis: number): BroadcastOperator<WithTimeout<EmitEvents>, SocketData> {
    return this.sockets.timeout(millis);
  }

  /** The sockets of the namespace `/`. */
  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.sockets.fetchSockets();
  }

  /** Makes every socket of the namespace `/` join a room, or several. */
  socketsJoin(room: string | string[]): void {
    this.sockets.socketsJoin(room);
  }

  /** Makes every socket of the namespace `/` leave a room, or several. */
  socketsLeave(room: string | string[]): void {
    this.sockets.socketsLeave(room);
  }

  /** Disconnects every socket of the namespace `/`, or with `close` from all and for good. */
  disconnectSockets(close = false): void {
    this.sockets.disconnectSockets(close);
  }
}

/** The sockets of a server with these types. */
export type SocketOf<AServer> =
  AServer extends Server<infer Listen, infer Emit, infer ServerSide, infer Data>
    ? Socket<Listen, Emit, ServerSide, Data>
    : never;

// A server is heard through its namespace `/`: `io.on("connection")` and `io.sockets.on("connection")`
// are the same list of listeners.
const HEARD_THROUGH_ROOT = [
  "addListener",
  "eventNames",
  "listenerCount",
  "listeners",
  "off",
  "on",
  "once",
  "prependListener",
  "prependOnceListener",
  "rawListeners",
  "removeAllListeners",
  "removeListener",
] as const;

for (const method of HEARD_THROUGH_ROOT) {
  Object.defineProperty(Server.prototype, method, {
    value(this: Server, ...args: unknown[]): unknown {
      const { sockets } = this;
      const result: unknown = Reflect.apply(EventEmitter.prototype[method], sockets, args);
      return result === sockets ? this : result;
    },
    writable: true,
    configurable: true,
  });
}

function isHttpServer(value: object): value is AnyHttpServer {
  return value instanceof EventEmitter;
}

function checkPort(port: unknown): number {
  const number = typeof port === "string" ? Number(port) : port;
  if (typeof number !== "number" || !Number.isInteger(number) || number < 0 || number > 65_535) {
    throw new TypeError(`an HTTP server or the number of a port is needed, not ${String(port)}`);
  }
  return number;
}
