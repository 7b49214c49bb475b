/**
 * One client in one namespace.
 */

import type { IncomingMessage } from "node:http";

import { BroadcastOperator } from "./broadcast-operator";
import { handshakeOf } from "./client";
import type { Client, Handshake } from "./client";
import type { Core, Flags } from "./core";
import type { EngineSocket } from "./engine-socket";
import { checkFlag, checkFunction, checkRooms, checkTimeout, isReserved } from "./arguments";
import { guard } from "./guard";
import type { Namespace } from "./namespace";
import { TypedEmitter } from "./typed-emitter";
import type {
  AllButLast,
  DefaultEventsMap,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  FirstAnswer,
  Last,
  WithTimeout,
} from "./typed-events";

/** Why a socket was disconnected. */
export type DisconnectReason =
  | "transport error"
  | "transport close"
  | "forced close"
  | "ping timeout"
  | "parse error"
  | "server shutting down"
  | "forced server close"
  | "client namespace disconnect"
  | "server namespace disconnect";

/** The events of a socket that are not its client's. */
export interface SocketReservedEvents {
  disconnecting: (reason: DisconnectReason, details?: Error) => void;
  disconnect: (reason: DisconnectReason, details?: Error) => void;
  error: (error: Error) => void;
}

/** The name of an event, then its arguments. */
export type Event = [name: string, ...args: any[]];

/** Looks at each event of a client; an error keeps it from the listeners. */
export type PacketMiddleware = (event: Event, next: (error?: Error) => void) => void;

type AnyListener = (name: string, ...args: any[]) => void;

export class Socket<
  ListenEvents extends EventsMap = DefaultEventsMap,
  EmitEvents extends EventsMap = ListenEvents,
  ServerSideEvents extends EventsMap = DefaultEventsMap,
  SocketData = any,
> extends TypedEmitter<ListenEvents, SocketReservedEvents> {
  /** What the client said when it connected. */
  readonly handshake: Handshake;
  /** Whether the state of an earlier connection was restored. */
  readonly recovered: boolean = false;
  /** Whatever the application keeps with this socket. */
  data: SocketData = {} as SocketData;
  /** Whether the client is connected: not yet in a middleware, no more after `disconnect`. */
  connected = false;

  private flags: Flags = {};
  private middlewares: PacketMiddleware[] = [];
  private anyListeners: AnyListener[] = [];
  private anyOutgoingListeners: AnyListener[] = [];
  /** The rooms that it was in when it was disconnected. */
  private lastRooms: readonly string[] | undefined;

  /** @internal */
  constructor(
    private readonly core: Core,
    /** Its namespace. */
    readonly nsp: Namespace<ListenEvents, EmitEvents, ServerSideEvents, SocketData>,
    /** What it shares with the client's sockets in other namespaces. */
    readonly client: Client,
    /** @internal */
    readonly key: number,
    /** A public name, also that of a room with only this socket in it. */
    readonly id: string,
    auth: Record<string, unknown>,
  ) {
    super();
    this.handshake = handshakeOf(client.conn, auth);
  }

  /** The client's Engine.IO session. */
  get conn(): EngineSocket {
    return this.client.conn;
  }

  /** The request that opened the session. */
  get request(): IncomingMessage {
    return this.client.request;
  }

  get disconnected(): boolean {
    return !this.connected;
  }

  /** The rooms it is in, its own among them. */
  get rooms(): Set<string> {
    return new Set(this.lastRooms ?? this.core.rooms(this));
  }

  /**
   * Sends an event to this client. When the last argument is a function, the client is asked to
   * acknowledge, and its answer is passed to it.
   *
   * @throws Error when the name is reserved, TypeError when an argument cannot be sent
   */
  override emit<Name extends EventNames<EmitEvents>>(
    name: Name,
    ...args: EventParams<EmitEvents, Name>
  ): boolean {
    if (isReserved(name)) {
      throw new Error(`"${String(name)}" is a reserved event name`);
    }
    const flags = this.takeFlags();
    const event: unknown[] = [name, ...args];
    const callback = event.at(-1);
    if (typeof callback === "function") {
      event.pop();
      this.core.emitWithAck(this, event, flags, callback as (...args: any[]) => void);
    } else {
      this.core.emit(this, event, flags);
    }
    this.onOutgoing(event);
    return true;
  }

  /** Sends an event and resolves with the client's answer; rejects only after `timeout()`. */
  emitWithAck<Name extends EventNamesWithAck<EmitEvents>>(
    name: Name,
    ...args: AllButLast<EventParams<EmitEvents, Name>>
  ): Promise<FirstAnswer<Last<EventParams<EmitEvents, Name>>>> {
    const errorFirst = this.flags.timeout !== undefined;
    return new Promise((resolve, reject) => {
      const settle = errorFirst
        ? (error: Error | null, answer: any) => (error === null ? resolve(answer) : reject(error))
        : resolve;
      this.emit(name, ...([...args, settle] as unknown as EventParams<EmitEvents, Name>));
    });
  }

  /** Sends a `message` event. */
  send(...args: EventParams<EmitEvents, "message">): this {
    this.emit("message", ...args);
    return this;
  }

  /** Sends a `message` event. */
  write(...args: EventParams<EmitEvents, "message">): this {
    return this.send(...args);
  }

  /** The next packet may be lost when the client cannot take it at once. */
  get volatile(): this {
    this.flags.volatile = true;
    return this;
  }

  /** Whether the next packet may be compressed. */
  compress(compress: boolean): this {
    this.flags.compress = checkFlag("compress", compress);
    return this;
  }

  /** Milliseconds that the client has to acknowledge the next packet. */
  timeout(
    millis: number,
  ): Socket<ListenEvents, WithTimeout<EmitEvents>, ServerSideEvents, SocketData> {
    this.flags.timeout = checkTimeout(millis);
    return this as unknown as Socket<
      ListenEvents,
      WithTimeout<EmitEvents>,
      ServerSideEvents,
      SocketData
    >;
  }

  /** Everybody else in the namespace. */
  get broadcast(): BroadcastOperator<EmitEvents, SocketData> {
    return this.others();
  }

  /** Everybody else of this process in the namespace. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.others().local;
  }

  /** Everybody else in a room, or in any of several. */
  to(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.others().to(room);
  }

  /** Everybody else in a room, or in any of several. */
  in(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.others().in(room);
  }

  /** Everybody else who is not in a room, or not in any of several. */
  except(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.others().except(room);
  }

  /** Joins a room, or several. After a disconnection nothing happens. */
  join(room: string | string[]): void {
    for (const name of checkRooms(room)) {
      this.core.join(this, name);
    }
  }

  /** Leaves a room. */
  leave(room: string): void {
    for (const name of checkRooms(room)) {
      this.core.leave(this, name);
    }
  }

  /** Disconnects the client from this namespace, or with `close` from all and for good. */
  disconnect(close = false): this {
    if (this.connected) {
      // What the client has sent already is no longer wanted.
      this.connected = false;
      if (close) {
        this.conn.close();
      } else {
        this.core.disconnect(this);
      }
    }
    return this;
  }

  /** Adds a middleware that sees every event of this client before its listeners do. */
  use(middleware: PacketMiddleware): this {
    this.middlewares.push(checkFunction("a middleware", middleware));
    return this;
  }

  /** Adds a listener for all events of the client. */
  onAny(listener: AnyListener): this {
    this.anyListeners = [...this.anyListeners, listener];
    return this;
  }

  /** Adds a listener for all events of the client, before the others. */
  prependAny(listener: AnyListener): this {
    this.anyListeners = [listener, ...this.anyListeners];
    return this;
  }

  /** Removes such a listener, or all of them. */
  offAny(listener?: AnyListener): this {
    this.anyListeners = without(this.anyListeners, listener);
    return this;
  }

  listenersAny(): AnyListener[] {
    return this.anyListeners;
  }

  /** Adds a listener for all events that are sent to the client, broadcasts among them. */
  onAnyOutgoing(listener: AnyListener): this {
    return this.listenOutgoing([...this.anyOutgoingListeners, listener]);
  }

  /** Adds a listener for all events that are sent to the client, before the others. */
  prependAnyOutgoing(listener: AnyListener): this {
    return this.listenOutgoing([listener, ...this.anyOutgoingListeners]);
  }

  /** Removes such a listener, or all of them. */
  offAnyOutgoing(listener?: AnyListener): this {
    return this.listenOutgoing(without(this.anyOutgoingListeners, listener));
  }

  listenersAnyOutgoing(): AnyListener[] {
    return this.anyOutgoingListeners;
  }

  /** @internal The client has emitted an event. */
  onEvent(args: unknown[], packetId: number | undefined): void {
    if (packetId !== undefined) {
      args.push(this.acknowledgementOf(packetId));
    }
    const event = args as Event;
    for (const listener of this.anyListeners) {
      listener(...event);
    }
    this.runMiddlewares(event, 0);
  }

  /** @internal An event was sent to the client. */
  onOutgoing(event: readonly unknown[]): void {
    for (const listener of this.anyOutgoingListeners) {
      guard(this, () => listener(...(event as Event)));
    }
  }

  /** @internal Something about the client is wrong; nobody need listen. */
  onError(error: Error): void {
    if (this.listenerCount("error") > 0) {
      guard(this, () => this.emitReserved("error", error));
    }
  }

  /** @internal The client is connected: its `connection` handlers come next. */
  onConnect(): void {
    this.connected = true;
  }

  /** @internal */
  onDisconnect(reason: string, detail: string, rooms: readonly string[]): void {
    const why = reason as DisconnectReason;
    const details = detail === "" ? undefined : new Error(detail);
    this.lastRooms = rooms;
    guard(this, () => this.emitReserved("disconnecting", why, details));
    this.lastRooms = [];
    this.connected = false;
    this.nsp.forget(this);
    guard(this, () => this.emitReserved("disconnect", why, details));
  }

  private others(): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator<EmitEvents, SocketData>(
      this.nsp,
      { rooms: [], except: [this.id] },
      this.takeFlags(),
    );
  }

  private takeFlags(): Flags {
    const { flags } = this;
    this.flags = {};
    return flags;
  }

  private listenOutgoing(listeners: AnyListener[]): this {
    this.anyOutgoingListeners = listeners;
    this.nsp.watchOutgoing(this, listeners.length > 0);
    return this;
  }

  private acknowledgementOf(packetId: number): (...args: unknown[]) => void {
    let sent = false;
    return (...args) => {
      if (!sent) {
        sent = true;
        this.core.acknowledge(this, packetId, args);
      }
    };
  }

  private runMiddlewares(event: Event, index: number): void {
    const middleware = this.middlewares[index];
    if (middleware === undefined) {
      this.deliver(event);
      return;
    }
    middleware(event, (error) => {
      if (error !== undefined && error !== null) {
        this.onError(error);
      } else {
        this.runMiddlewares(event, index + 1);
      }
    });
  }

  private deliver(event: Event): void {
    const [name, ...args] = event;
    // An event that a client named `error` must not end the process, as it does in an emitter.
    if (this.connected && !(name === "error" && this.listenerCount("error") === 0)) {
      guard(this, () => this.emitUntyped(name, args));
    }
  }
}

function without<Item>(items: Item[], item: Item | undefined): Item[] {
  if (item === undefined) {
    return [];
  }
  const index = items.indexOf(item);
  return index === -1 ? items : items.toSpliced(index, 1);
}
