/**
 * Waiting for the answers of clients.
 */

/** An event that was emitted and is not acknowledged yet. */
export interface Awaited {
  /** A client has answered; `last`: nobody else is expected to. */
  onAnswer(args: unknown[], last: boolean): void;
  /** It is settled without all of its answers. */
  onFailure(reason: string): void;
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
    private readonly callback: AckCallback,
    private readonly errorFirst: boolean,
  ) {}

  onAnswer(args: unknown[]): void {
    if (this.errorFirst) {
      this.callback(null, ...args);
    } else {
      this.callback(...args);
    }
  }

  onFailure(reason: string): void {
    // Without `timeout()` the callback has no place for an error.
    if (this.errorFirst) {
      this.callback(new Error(reason));
    }
  }
}

/** The first arguments of many clients' answers. */
export class ManyAnswers implements Awaited {
  private readonly responses: unknown[] = [];

  constructor(private readonly callback: AckCallback) {}

  onAnswer(args: unknown[], last: boolean): void {
    this.responses.push(args[0]);
    if (last) {
      this.callback(null, this.responses);
    }
  }

  onFailure(reason: string): void {
    const { responses } = this;
    const error: BroadcastError = Object.assign(new Error(reason), { responses });
    this.callback(error, responses);
  }
}
