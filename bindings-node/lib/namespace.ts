/**
 * A namespace: sockets that share a connection with others and know nothing of them.
 */

import type { AckCallback } from "./acknowledgement";
import { checkFunction } from "./arguments";
import { BroadcastOperator } from "./broadcast-operator";
import type { RemoteSocket } from "./broadcast-operator";
import type { AnySocket, Core, Flags } from "./core";
import { guard, report } from "./guard";
import type { Server } from "./server";
import type { Event, Socket } from "./socket";
import { TypedEmitter } from "./typed-emitter";
import type {
  DefaultEventsMap,
  EventNames,
  EventParams,
  EventsMap,
  WithManyAnswers,
  WithTimeout,
} from "./typed-events";

/** The events of a namespace. */
export interface NamespaceReservedEvents<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
> {
  connect: (socket: Socket<Listen, Emit, ServerSide, Data>) => void;
  connection: (socket: Socket<Listen, Emit, ServerSide, Data>) => void;
}

/** An error that a middleware gives to `next`; the client gets its message and its `data`. */
export interface ExtendedError extends Error {
  data?: any;
}

/** Decides whether a socket may connect: `next()` lets it in, `next(error)` does not. */
export type ConnectionMiddleware<
  Listen extends EventsMap,
  Emit extends EventsMap,
  ServerSide extends EventsMap,
  Data,
> = (
  socket: Socket<Listen, Emit, ServerSide, Data>,
  next: (error?: ExtendedError) => void,
) => void | Promise<void>;

export class Namespace<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = any,
> extends TypedEmitter<
  ServerSideEvents,
  NamespaceReservedEvents<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
> {
  /** The connected sockets by their ids. */
  readonly sockets = new Map<
    string,
    Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>
  >();

  private readonly middlewares: ConnectionMiddleware<
    ListenEvents,
    EmitEvents,
    ServerSideEvents,
    SocketData
  >[] = [];
  /** The sockets whose outgoing events somebody watches. */
  private readonly watched = new Set<AnySocket>();

  /** @internal */
  constructor(
    readonly server: Server<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    private readonly core: Core,
    /** With its leading slash. */
    readonly name: string,
  ) {
    super();
  }

  /** Adds a middleware, which every connecting socket passes. */
  use(
    middleware: ConnectionMiddleware<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
  ): this {
    this.middlewares.push(checkFunction("a middleware", middleware));
    return this;
  }

  /** Those in a room, or in any of several. */
  to(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().to(room);
  }

  /** Those in a room, or in any of several. */
  in(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().in(room);
  }

  /** Those who are not in a room, or not in any of several. */
  except(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().except(room);
  }

  /** Sends an event to every socket. */
  override emit<Name extends EventNames<EmitEvents>>(
    name: Name,
    ...args: EventParams<WithManyAnswers<EmitEvents>, Name>
  ): boolean {
    return this.everybody().emit(name, ...args);
  }

  /** Sends a `message` event to every socket. */
  send(...args: EventParams<EmitEvents, "message">): this {
    this.emit("message", ...(args as EventParams<WithManyAnswers<EmitEvents>, "message">));
    return this;
  }

  /** Sends a `message` event to every socket. */
  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  /** Whether the next packet may be compressed. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().compress(compress);
  }

  /** The next packet may be lost for clients that cannot take it at once. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().volatile;
  }

  /** Only the sockets of this process. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.everybody().local;
  }

  /** Milliseconds that the clients have to acknowledge the next packet. */
  timeout(millis: number): BroadcastOperator<WithTimeout<EmitEvents>, SocketData> {
    return this.everybody().timeout(millis);
  }

  fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.everybody().fetchSockets();
  }

  /** Makes every socket join a room, or several. */
  socketsJoin(room: string | string[]): void {
    this.everybody().socketsJoin(room);
  }

  /** Makes every socket leave a room, or several. */
  socketsLeave(room: string | string[]): void {
    this.everybody().socketsLeave(room);
  }

  /** Disconnects every socket from the namespace, or with `close` from all and for good. */
  disconnectSockets(close = false): void {
    this.everybody().disconnectSockets(close);
  }

  /** @internal */
  broadcast(
    selection: { rooms: readonly string[]; except: readonly string[] },
    event: readonly unknown[],
    flags: Flags,
    callback: AckCallback | undefined,
  ): void {
    const to = { namespace: this.name, ...selection };
    if (callback === undefined) {
      this.core.broadcast(to, event, flags);
    } else {
      this.core.broadcastWithAck(this, to, event, flags, callback);
    }
    if (this.watched.size > 0) {
      for (const socket of this.core.select(to)) {
        socket.onOutgoing(event as Event);
      }
    }
  }

  /** @internal */
  select(selection: { rooms: readonly string[]; except: readonly string[] }): AnySocket[] {
    return this.core.select({ namespace: this.name, ...selection });
  }

  /** @internal */
  watchOutgoing(socket: AnySocket, watch: boolean): void {
    if (watch) {
      this.watched.add(socket);
    } else {
      this.watched.delete(socket);
    }
  }

  /** @internal A client asks to connect. */
  admit(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    this.runMiddlewares(socket, [...this.middlewares], 0);
  }

  /** @internal */
  forget(socket: AnySocket): void {
    this.sockets.delete(socket.id);
    this.watched.delete(socket);
  }

  private runMiddlewares(
    socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    middlewares: readonly ConnectionMiddleware<
      ListenEvents,
      EmitEvents,
      ServerSideEvents,
      SocketData
    >[],
    index: number,
  ): void {
    const middleware = middlewares[index];
    if (middleware === undefined) {
      this.connect(socket);
      return;
    }
    let answered = false;
    const next = (error?: ExtendedError): void => {
      if (answered) {
        return;
      }
      answered = true;
      if (error === undefined || error === null) {
        this.runMiddlewares(socket, middlewares, index + 1);
      } else {
        this.core.reject(socket, { message: error.message, data: error.data });
      }
    };
    // A middleware that fails has not let anybody in; what failed is nothing for the client.
    const fail = (error: unknown): void => {
      report(this, error);
      next(new Error("Internal server error"));
    };
    try {
      Promise.resolve(middleware(socket, next)).catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  private connect(socket: Socket<ListenEvents, EmitEvents, ServerSideEvents, SocketData>): void {
    if (!this.core.accept(socket)) {
      return;
    }
    this.sockets.set(socket.id, socket);
    socket.onConnect();
    guard(this, () => this.emitReserved("connect", socket));
    guard(this, () => this.emitReserved("connection", socket));
  }

  private everybody(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator<EmitEvents, SocketData>(this, { rooms: [], except: [] }, {});
  }
}
