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
 * Takes the requests and upgrades of a route. Requests of no route go to the listeners that were there
 * before; those that are added later hear everything, as they always do.
 *
 * @returns a function that undoes it
 */
export function attach(server: HttpServer, route: Route): () => void {
  let sharing = shared.get(server);
  if (sharing === undefined) {
    sharing = new Sharing(server);
    shared.set(server, sharing);
  }
  return sharing.add(route);
}

/** All routes of one HTTP server: only together they know which upgrades nobody wants. */
class Sharing {
  private readonly routes: Route[] = [];
  private others: RequestListener[] = [];

  constructor(private readonly server: HttpServer) {}

  add(route: Route): () => void {
    if (this.routes.length === 0) {
      this.begin();
    }
    this.routes.push(route);
    return () => {
      const index = this.routes.indexOf(route);
      if (index !== -1) {
        this.routes.splice(index, 1);
      }
      if (this.routes.length === 0) {
        this.end();
      }
    };
  }

  private begin(): void {
    const { server } = this;
    this.others = server.listeners("request") as RequestListener[];
    server.removeAllListeners("request");
    server.on("request", this.onRequest);
    server.on("upgrade", this.onUpgrade);
  }

  private end(): void {
    const { server } = this;
    server.off("request", this.onRequest);
    server.off("upgrade", this.onUpgrade);
    for (const other of this.others) {
      server.on("request", other);
    }
    shared.delete(server);
  }

  private readonly onRequest: RequestListener = (request, response) => {
    const route = this.routeOf(request);
    if (route !== undefined) {
      route.onRequest(request, response);
      return;
    }
    for (const other of this.others) {
      other.call(this.server, request, response);
    }
  };

  private readonly onUpgrade = (request: IncomingMessage, socket: Duplex, head: Buffer): void => {
    const route = this.routeOf(request);
    if (route !== undefined) {
      route.onUpgrade(request, socket, head);
    } else if (this.server.listenerCount("upgrade") === 1) {
      refuseUpgrade(socket, 404, "", Buffer.alloc(0));
    } else {
      for (const { foreignUpgradeTimeout } of this.routes) {
        endIfUnanswered(socket, foreignUpgradeTimeout);
      }
    }
  };

  private routeOf(request: IncomingMessage): Route | undefined {
    return this.routes.find((route) => route.matches(request));
  }
}

type RequestListener = (request: IncomingMessage, response: ServerResponse) => void;

const shared = new WeakMap<HttpServer, Sharing>();

/** An upgrade that every listener ignores would hold its socket for ever. */
function endIfUnanswered(socket: Duplex, millis: number | undefined): void {
  if (millis === undefined) {
    return;
  }
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
