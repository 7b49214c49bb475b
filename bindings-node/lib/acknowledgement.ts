/**
 * Waiting for the answers of clients.
 */

import type { EventEmitter } from "node:events";

/** An event that was emitted and is not acknowledged yet. */
export interface Awaited {
  /** Who hears of an error that the callback throws. */
  readonly emitter: EventEmitter<any>;
  /** A client has answered; `last`: nobody else is expected to. */
  onAnswer(args: unknown[], last: boolean): void;
  /** No further answer will come; `failure` says why, or is empty when nobody else is left to answer. */
  onSettled(failure: string): void;
}

/** The callback of an application: `(error, ...)` after `timeout()`, `(...)` without. */
export type AckCallback = (...args: any[]) => void;

/** The error of a broadcast that was not answered by everybody. */
export interface BroadcastError extends Error {
  /** The answers that came in time. */
  responses: unknown[];
}

/** One client's answer. */
export class SingleAnswer implements Awaited {
  constructor(
    readonly emitter: EventEmitter<any>,
    private readonly callback: AckCallback,
    private readonly errorFirst: boolean,
  ) {}

  onAnswer(args: unknown[]): void {
    if (this.errorFirst) {
      this.callback.call(this.emitter, null, ...args);
    } else {
      this.callback.apply(this.emitter, args);
    }
  }

  onSettled(failure: string): void {
    // Without `timeout()` the callback has no place for an error.
    if (this.errorFirst) {
      this.callback.call(this.emitter, new Error(failure));
    }
  }
}

/** The first arguments of many clients' answers. */
export class ManyAnswers implements Awaited {
  private readonly responses: unknown[] = [];

  constructor(
    readonly emitter: EventEmitter<any>,
    private readonly callback: AckCallback,
  ) {}

  onAnswer(args: unknown[], last: boolean): void {
    this.responses.push(args[0]);
    if (last) {
      this.callback(null, this.responses);
    }
  }

  onSettled(failure: string): void {
    const { responses } = this;
    const error: BroadcastError | null =
      failure === "" ? null : Object.assign(new Error(failure), { responses });
    this.callback(error, responses);
  }
}
