/**
 * Sharing an HTTP server with whoever else listens on it.
 */

import type { IncomingMessage, Server as HttpServer, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";

import { refuseUpgrade } from "./driver";

/** The requests that are ours, and what is done with them. */
export interface Route {
  matches(request: IncomingMessage): boolean;
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  /** Milliseconds after which somebody else's unanswered upgrade is ended; `undefined`: never. */
  readonly foreignUpgradeTimeout: number | undefined;
}

/**
 * Takes the requests and upgrades of a route. Others go to the listeners that were there before, and
 * those that are added later hear everything, as they always do.
 *
 * @returns a function that undoes it
 */
export function attach(server: HttpServer, route: Route): () => void {
  const others = server.listeners("request") as Array<
    (request: IncomingMessage, response: ServerResponse) => void
  >;

  const onRequest = (request: IncomingMessage, response: ServerResponse): void => {
    if (route.matches(request)) {
      route.onRequest(request, response);
      return;
    }
    for (const other of others) {
      other.call(server, request, response);
    }
  };

  const onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    if (route.matches(request)) {
      route.onUpgrade(request, socket, head);
    } else if (server.listenerCount("upgrade") === 1) {
      refuseUpgrade(socket, 404, "", Buffer.alloc(0));
    } else if (route.foreignUpgradeTimeout !== undefined) {
      endIfUnanswered(socket, route.foreignUpgradeTimeout);
    }
  };

  server.removeAllListeners("request");
  server.on("request", onRequest);
  server.on("upgrade", onUpgrade);

  return () => {
    server.off("request", onRequest);
    server.off("upgrade", onUpgrade);
    for (const other of others) {
      server.on("request", other);
    }
  };
}

/** An upgrade that every listener ignores would hold its socket for ever. */
function endIfUnanswered(socket: Duplex, millis: number): void {
  // Until somebody takes it, nobody else hears that its peer has gone away.
  socket.on("error", () => undefined);
  const timer = setTimeout(() => {
    const { bytesWritten } = socket as { bytesWritten?: number };
    if (socket.writable && (bytesWritten ?? 0) === 0) {
      socket.end();
    }
  }, millis);
  timer.unref();
}
