/**
 * An event emitter that knows the names and the listeners of its events.
 */

import { EventEmitter } from "node:events";

import { report } from "./guard";
import type { EventNames, EventParams, EventsMap, Listener } from "./typed-events";

/**
 * @typeParam Listen - the events that the application has declared
 * @typeParam Reserved - the events of this library
 */
export abstract class TypedEmitter<
  Listen extends EventsMap,
  Reserved extends EventsMap,
> extends EventEmitter {
  constructor() {
    // A handler may be `async`: its rejection is an error like one that is thrown.
    super({ captureRejections: true });
  }

  override on<Name extends EventNames<Reserved> | EventNames<Listen>>(
    name: Name,
    listener: Listener<Reserved, Listen, Name>,
  ): this {
    return super.on(name, listener as (...args: any[]) => void);
  }

  override once<Name extends EventNames<Reserved> | EventNames<Listen>>(
    name: Name,
    listener: Listener<Reserved, Listen, Name>,
  ): this {
    return super.once(name, listener as (...args: any[]) => void);
  }

  override listeners<Name extends EventNames<Reserved> | EventNames<Listen>>(
    name: Name,
  ): Array<Listener<Reserved, Listen, Name>> {
    return super.listeners(name) as Array<Listener<Reserved, Listen, Name>>;
  }

  /** Calls the listeners of one of this library's own events. */
  protected emitReserved<Name extends EventNames<Reserved>>(
    name: Name,
    ...args: EventParams<Reserved, Name>
  ): boolean {
    return EventEmitter.prototype.emit.call(this, name, ...args);
  }

  /** Calls the listeners of an event that came from outside. */
  protected emitUntyped(name: string, args: readonly unknown[]): boolean {
    return EventEmitter.prototype.emit.call(this, name, ...args);
  }

  /** @internal Called by Node when a listener's promise is rejected. */
  [Symbol.for("nodejs.rejection")](error: unknown): void {
    report(this, error);
  }
}
