/**
 * The package's front door, for `require`: callable, and with the names of the classes.
 *
 * ```js
 * const { Server } = require("sansocket");
 * const io = require("sansocket")(3000);
 * ```
 */

import { BroadcastOperator } from "./broadcast-operator";
import { Namespace } from "./namespace";
import { Server } from "./server";
import type { AnyHttpServer } from "./server";
import type { ServerOptions } from "./options";
import { Socket } from "./socket";

export { BroadcastOperator, Namespace, Server, Socket };
export type { BroadcastError } from "./acknowledgement";
export type { RemoteSocket } from "./broadcast-operator";
export type { Handshake } from "./client";
export type { CorsDelegate, CorsOptions } from "./cors";
export type { ConnectionError } from "./engine";
export type { EngineSocket, Transport, TransportName } from "./engine-socket";
export type { ExtendedError } from "./namespace";
export type { CookieOptions, ServerOptions } from "./options";
export type { DisconnectReason, Event } from "./socket";
export type { DefaultEventsMap, EventsMap } from "./typed-events";

/** The same as `new Server(server, options)`. */
function start(server?: AnyHttpServer | number, options?: ServerOptions): Server {
  return new Server(server, options);
}

module.exports = Object.assign(start, { BroadcastOperator, Namespace, Server, Socket });
