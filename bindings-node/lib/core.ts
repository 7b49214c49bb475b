/**
 * Socket.IO's side of the core: what sockets and namespaces say to it, and whom its records concern.
 */

import type { AckCallback, Awaited } from "./acknowledgement";
import { ManyAnswers, SingleAnswer } from "./acknowledgement";
import { decode, encode } from "./binary";
import { Client } from "./client";
import type { Engine } from "./engine";
import type { EngineSocket } from "./engine-socket";
import { guard } from "./guard";
import type { Namespace } from "./namespace";
import type { NativeServer } from "./native";
import { Kind } from "./records";
import type { RecordView } from "./records";
import { Socket } from "./socket";

/** How a packet is sent. */
export interface Flags {
  /** It may be lost when the client cannot take it at once. */
  volatile?: boolean;
  /** Whether it may be compressed. Default: true. */
  compress?: boolean;
  /** Only clients of this process. */
  local?: boolean;
  /** Milliseconds that clients have to acknowledge it. */
  timeout?: number;
}

/** The receivers of a broadcast: all of a namespace when there are no rooms. */
export interface Selection {
  readonly namespace: string;
  readonly rooms: readonly string[];
  readonly except: readonly string[];
}

/** The application's sockets of any type. */
export type AnySocket = Socket<any, any, any, any>;

export class Core {
  private readonly native: NativeServer;
  private readonly sockets = new Map<number, AnySocket>();
  private readonly awaited = new Map<number, Awaited>();
  private readonly clients = new WeakMap<EngineSocket, Client>();

  constructor(
    private readonly engine: Engine,
    private readonly namespaceNamed: (name: string) => Namespace<any, any, any, any> | undefined,
  ) {
    this.native = engine.driver.native;
    engine.onSocketRecord = (record) => this.onRecord(record);
  }

  // What sockets and namespaces say.

  addNamespace(name: string): void {
    this.native.addNamespace(name);
  }

  /** Tells the client that it is connected; `false` when it has gone meanwhile. */
  accept(socket: AnySocket): boolean {
    const accepted = this.native.accept(socket.key);
    if (accepted) {
      this.sockets.set(socket.key, socket);
      socket.client.sockets.add(socket);
      this.engine.driver.wake();
    }
    return accepted;
  }

  reject(socket: AnySocket, error: { message: string; data?: unknown }): void {
    this.native.reject(socket.key, JSON.stringify(error));
    this.engine.driver.wake();
  }

  emit(socket: AnySocket, args: readonly unknown[], flags: Flags): void {
    const { json, attachments } = encode(args);
    this.native.emit(socket.key, json, attachments, flagBits(flags));
    this.engine.driver.wake();
  }

  emitWithAck(
    socket: AnySocket,
    args: readonly unknown[],
    flags: Flags,
    callback: AckCallback,
  ): void {
    const { timeout } = flags;
    const { json, attachments } = encode(args);
    const ack = this.native.emitWithAck(socket.key, json, attachments, flagBits(flags), timeout);
    const awaited = new SingleAnswer(socket, callback, timeout !== undefined);
    if (ack === LIMIT) {
      // A client that answers nothing must not make the application throw: it gets the event, and
      // its answer is not waited for.
      this.emit(socket, args, flags);
      guard(socket, () => awaited.onSettled("too many acknowledgements are pending"));
    } else {
      this.await(ack, awaited);
    }
  }

  broadcast(to: Selection, args: readonly unknown[], flags: Flags): void {
    const { json, attachments } = encode(args);
    const bits = flagBits(flags);
    this.native.broadcast(to.namespace, to.rooms, to.except, json, attachments, bits);
    this.engine.driver.wake();
  }

  broadcastWithAck(
    namespace: Namespace<any, any, any, any>,
    to: Selection,
    args: readonly unknown[],
    flags: Flags,
    callback: AckCallback,
  ): void {
    const { json, attachments } = encode(args);
    const ack = this.native.broadcastWithAck(
      to.namespace,
      to.rooms,
      to.except,
      json,
      attachments,
      flagBits(flags),
      // Nobody can say how many will answer, so a broadcast never waits without a limit.
      flags.timeout ?? 0,
    );
    this.await(ack, new ManyAnswers(namespace, callback));
  }

  acknowledge(socket: AnySocket, packetId: number, args: readonly unknown[]): void {
    const { json, attachments } = encode(args);
    this.native.acknowledge(socket.key, packetId, json, attachments);
    this.engine.driver.wake();
  }

  join(socket: AnySocket, room: string): void {
    this.native.join(socket.key, room);
  }

  leave(socket: AnySocket, room: string): void {
    this.native.leave(socket.key, room);
  }

  rooms(socket: AnySocket): string[] {
    return this.native.rooms(socket.key);
  }

  /** The connected sockets of a selection. */
  select(selection: Selection): AnySocket[] {
    const { namespace, rooms, except } = selection;
    const found: AnySocket[] = [];
    for (const key of this.native.sockets(namespace, rooms, except)) {
      const socket = this.sockets.get(key);
      if (socket !== undefined) {
        found.push(socket);
      }
    }
    return found;
  }

  disconnect(socket: AnySocket): void {
    this.native.disconnect(socket.key);
    this.engine.driver.wake();
  }

  // What the core's records tell.

  private onRecord(record: RecordView): void {
    switch (record.kind) {
      case Kind.Connect:
        this.onConnect(record);
        break;
      case Kind.Event:
        this.onEvent(record);
        break;
      case Kind.Answer:
        this.onAnswer(record);
        break;
      case Kind.AckSettled:
        this.onAckSettled(record);
        break;
      case Kind.Disconnect:
        this.onDisconnect(record);
        break;
      case Kind.Refused:
        this.onRefused(record);
        break;
      default:
        throw new Error(`the core wrote a record of the unknown kind ${record.kind}`);
    }
  }

  private onConnect(record: RecordView): void {
    const namespace = this.namespaceNamed(record.text2());
    const conn = this.engine.session(record.a);
    if (namespace === undefined || conn === undefined) {
      this.native.reject(record.key, INVALID_NAMESPACE);
      return;
    }
    const auth = JSON.parse(record.text3()) as Record<string, unknown>;
    const client = this.clientOf(conn);
    const socket = new Socket(this, namespace, client, record.key, record.text1(), auth);
    namespace.admit(socket);
  }

  private onEvent(record: RecordView): void {
    const socket = this.sockets.get(record.key);
    if (socket !== undefined) {
      const packetId = record.a < 0 ? undefined : record.a;
      guard(socket, () => socket.onEvent(read(record), packetId));
    }
  }

  private onAnswer(record: RecordView): void {
    const last = record.text2() !== "";
    const awaited = last ? this.settle(record.key) : this.awaited.get(record.key);
    if (awaited !== undefined) {
      guard(awaited.emitter, () => awaited.onAnswer(read(record), last));
    }
  }

  private onAckSettled(record: RecordView): void {
    const awaited = this.settle(record.key);
    if (awaited !== undefined) {
      const failure = record.text1();
      guard(awaited.emitter, () => awaited.onSettled(failure));
    }
  }

  private onDisconnect(record: RecordView): void {
    const socket = this.sockets.get(record.key);
    if (socket !== undefined) {
      this.sockets.delete(record.key);
      socket.client.sockets.delete(socket);
      const rooms = JSON.parse(record.text3()) as string[];
      socket.onDisconnect(record.text1(), record.text2(), rooms);
    }
  }

  /** A client has broken a rule; its connection is closed next. */
  private onRefused(record: RecordView): void {
    const conn = this.engine.session(record.key);
    const client = conn === undefined ? undefined : this.clients.get(conn);
    for (const socket of client?.sockets ?? []) {
      socket.onError(new Error(record.text1()));
    }
  }

  private await(ack: number | null, awaited: Awaited): void {
    this.engine.driver.wake();
    if (ack === null) {
      // Nobody is left to answer.
      guard(awaited.emitter, () => awaited.onSettled("socket has been disconnected"));
    } else {
      this.awaited.set(ack, awaited);
    }
  }

  private settle(ack: number): Awaited | undefined {
    const awaited = this.awaited.get(ack);
    this.awaited.delete(ack);
    return awaited;
  }

  private clientOf(conn: EngineSocket): Client {
    let client = this.clients.get(conn);
    if (client === undefined) {
      client = new Client(conn);
      this.clients.set(conn, client);
    }
    return client;
  }
}

function read(record: RecordView): unknown[] {
  const attachments: Buffer[] = [];
  for (let index = 0; index < record.c; index += 1) {
    attachments.push(record.binary(record.b + index));
  }
  return decode(record.text1(), attachments);
}

function flagBits(flags: Flags): number {
  return (flags.volatile === true ? VOLATILE : 0) | (flags.compress === false ? UNCOMPRESSED : 0);
}

/** No acknowledgement, because too many are pending. */
const LIMIT = -1;
const VOLATILE = 1;
const UNCOMPRESSED = 2;
const INVALID_NAMESPACE = '{"message":"Invalid namespace"}';
