/**
 * Sending to many sockets: to all of a namespace, or to those in some rooms and not in others.
 */

import { checkFlag, checkRooms, checkTimeout, isReserved } from "./arguments";
import type { Flags } from "./core";
import type { Namespace } from "./namespace";
import type { Socket } from "./socket";
import type {
  AllButLast,
  EventNames,
  EventNamesWithAck,
  EventParams,
  EventsMap,
  FirstAnswer,
  Last,
  WithManyAnswers,
  WithTimeout,
  WithTimeoutAndManyAnswers,
} from "./typed-events";

/** A socket as `fetchSockets()` gives it; it may be connected to another process. */
export interface RemoteSocket<EmitEvents extends EventsMap, SocketData> extends Pick<
  Socket<any, EmitEvents, any, SocketData>,
  "id" | "handshake" | "rooms" | "data" | "emit" | "join" | "leave" | "disconnect"
> {
  timeout(millis: number): { emit: Socket<any, WithTimeout<EmitEvents>>["emit"] };
}

/** Every method returns a new operator and leaves this one as it is. */
export class BroadcastOperator<EmitEvents extends EventsMap, SocketData> {
  /** @internal */
  constructor(
    private readonly nsp: Namespace<any, any, any, any>,
    private readonly selection: { rooms: readonly string[]; except: readonly string[] },
    private readonly flags: Flags,
  ) {}

  /** Those in a room, or in any of several, too. A socket in two rooms is reached once. */
  to(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    const { rooms, except } = this.selection;
    return this.select({ rooms: union(rooms, checkRooms(room)), except });
  }

  /** The same as `to`. */
  in(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    return this.to(room);
  }

  /** Not those in a room, or in any of several. */
  except(room: string | string[]): BroadcastOperator<EmitEvents, SocketData> {
    const { rooms, except } = this.selection;
    return this.select({ rooms, except: union(except, checkRooms(room)) });
  }

  /** Whether the packet may be compressed. */
  compress(compress: boolean): BroadcastOperator<EmitEvents, SocketData> {
    return this.flag({ compress: checkFlag("compress", compress) });
  }

  /** The packet may be lost for clients that cannot take it at once. */
  get volatile(): BroadcastOperator<EmitEvents, SocketData> {
    return this.flag({ volatile: true });
  }

  /** Only those of this process. */
  get local(): BroadcastOperator<EmitEvents, SocketData> {
    return this.flag({ local: true });
  }

  /** Milliseconds that the clients have to acknowledge the packet. */
  timeout(millis: number): BroadcastOperator<WithTimeout<EmitEvents>, SocketData> {
    return this.flag({ timeout: checkTimeout(millis) });
  }

  /**
   * Sends an event. When the last argument is a function, the clients are asked to acknowledge, and
   * it is called with `(error, answers)` when all have answered or the `timeout()` is over.
   *
   * @throws Error when the name is reserved, TypeError when an argument cannot be sent
   */
  emit<Name extends EventNames<EmitEvents>>(
    name: Name,
    ...args: EventParams<WithManyAnswers<EmitEvents>, Name>
  ): boolean {
    if (isReserved(name)) {
      throw new Error(`"${String(name)}" is a reserved event name`);
    }
    const event: unknown[] = [name, ...(args as unknown[])];
    const callback = event.at(-1);
    if (typeof callback === "function") {
      event.pop();
      this.nsp.broadcast(this.selection, event, this.flags, callback as (...args: any[]) => void);
    } else {
      this.nsp.broadcast(this.selection, event, this.flags, undefined);
    }
    return true;
  }

  /** Sends an event and resolves with the answers of all. The error has those that came: `responses`. */
  emitWithAck<Name extends EventNamesWithAck<EmitEvents>>(
    name: Name,
    ...args: AllButLast<EventParams<EmitEvents, Name>>
  ): Promise<FirstAnswer<Last<EventParams<EmitEvents, Name>>>[]> {
    return new Promise((resolve, reject) => {
      const settle = (error: Error | null, answers: any[]): void =>
        error === null ? resolve(answers) : reject(error);
      const all = [...args, settle] as unknown;
      this.emit(name, ...(all as EventParams<WithManyAnswers<EmitEvents>, Name>));
    });
  }

  /** The sockets. */
  async fetchSockets(): Promise<RemoteSocket<EmitEvents, SocketData>[]> {
    return this.nsp.select(this.selection) as RemoteSocket<EmitEvents, SocketData>[];
  }

  /** Makes them join a room, or several. */
  socketsJoin(room: string | string[]): void {
    for (const socket of this.nsp.select(this.selection)) {
      socket.join(room);
    }
  }

  /** Makes them leave a room, or several. */
  socketsLeave(room: string | string[]): void {
    for (const socket of this.nsp.select(this.selection)) {
      for (const name of checkRooms(room)) {
        socket.leave(name);
      }
    }
  }

  /** Disconnects them from the namespace, or with `close` from all and for good. */
  disconnectSockets(close = false): void {
    for (const socket of this.nsp.select(this.selection)) {
      socket.disconnect(close);
    }
  }

  private select(selection: {
    rooms: readonly string[];
    except: readonly string[];
  }): BroadcastOperator<EmitEvents, SocketData> {
    return new BroadcastOperator(this.nsp, selection, this.flags);
  }

  private flag<Events extends EventsMap>(flags: Flags): BroadcastOperator<Events, SocketData> {
    return new BroadcastOperator(this.nsp, this.selection, { ...this.flags, ...flags });
  }
}

function union(names: readonly string[], more: readonly string[]): string[] {
  return [...new Set([...names, ...more])];
}

export type { WithTimeoutAndManyAnswers };
