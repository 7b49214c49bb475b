/**
 * One Engine.IO session: a client, whatever transport it uses at the moment.
 */

import { EventEmitter } from "node:events";
import type { IncomingMessage } from "node:http";

import type { Engine } from "./engine";

/** The names of the transports, as clients spell them. */
export type TransportName = "polling" | "websocket";

export interface EngineSocketEvents {
  /** A message, of a raw Engine.IO server only. */
  message: [data: string | Buffer];
  /** The session has moved to the transport. */
  upgrade: [transport: Transport];
  close: [reason: string, description: string | undefined];
}

/** What carries a session at the moment. */
export interface Transport {
  readonly name: TransportName;
  /** Whether what is sent now leaves now: volatile packets are dropped otherwise. */
  readonly writable: boolean;
}

export class EngineSocket extends EventEmitter<EngineSocketEvents> {
  /** Version of the Engine.IO protocol. */
  readonly protocol = 4;
  readonly remoteAddress: string;
  readyState: "open" | "closing" | "closed" = "open";
  /** Whether the session has moved to a better transport than it began with. */
  upgraded = false;
  transport: Transport;

  /** @internal */
  constructor(
    private readonly engine: Engine,
    /** @internal */
    readonly key: number,
    /** The session id. Whoever knows it is the client: it must not be shared. */
    readonly id: string,
    transport: TransportName,
    /** The request that opened the session. */
    readonly request: IncomingMessage,
  ) {
    super();
    this.transport = this.transportNamed(transport);
    this.remoteAddress = request.socket.remoteAddress ?? "";
  }

  /** Sends a message, of a raw Engine.IO server only. */
  send(data: string | Uint8Array): this {
    if (typeof data !== "string" && !(data instanceof Uint8Array)) {
      throw new TypeError("a message must be a string or a Uint8Array");
    }
    this.engine.driver.native.sendSession(this.key, data);
    this.engine.driver.wake();
    return this;
  }

  /** Closes the session, and with it every socket on it. */
  close(): void {
    if (this.readyState === "open") {
      this.readyState = "closing";
      this.engine.driver.native.closeSession(this.key);
      this.engine.driver.wake();
    }
  }

  /** @internal */
  onUpgrade(): void {
    this.upgraded = true;
    this.transport = this.transportNamed("websocket");
    this.emit("upgrade", this.transport);
  }

  /** @internal */
  onClose(reason: string, description: string): void {
    this.readyState = "closed";
    this.emit("close", reason, description === "" ? undefined : description);
  }

  private transportNamed(name: TransportName): Transport {
    const { engine, key } = this;
    return {
      name,
      get writable() {
        return engine.driver.native.isWritable(key);
      },
    };
  }
}
