/**
 * What happens when a handler of the application throws.
 *
 * The other records of the same read must still be delivered, and the error must not vanish: it goes
 * to the `error` listeners of the emitter. Without any, it is thrown where
 * `process.on("uncaughtException")` sees it, as Node does for any emitter.
 */

import { EventEmitter } from "node:events";

/** Runs a handler of `emitter`. */
export function guard(emitter: EventEmitter<any>, run: () => void): void {
  try {
    run();
  } catch (error) {
    report(emitter, error);
  }
}

/** Tells the `error` listeners of `emitter`, or the process. */
export function report(emitter: EventEmitter<any>, error: unknown): void {
  let unheard = error;
  if (emitter.listenerCount("error") > 0) {
    try {
      // Not `emitter.emit`: a socket's own `emit` sends to the client.
      EventEmitter.prototype.emit.call(emitter, "error", error);
      return;
    } catch (second) {
      unheard = second;
    }
  }
  process.nextTick(() => {
    throw unheard;
  });
}
