/**
 * The options of a server: what they mean, their types at run time, and what the core is told.
 */

import type { IncomingMessage } from "node:http";

import type { CorsOptions, CorsDelegate } from "./cors";
import type { TransportName } from "./engine-socket";
import type { NativeCookie, NativeOptions } from "./native";

/** Options of the Engine.IO level. Durations are in milliseconds. */
export interface EngineOptions {
  /** Requests whose path begins so are ours. Default: `/socket.io`, `/engine.io` for a raw server. */
  path?: string;
  /** Whether the path ends with a slash. Default: true. */
  addTrailingSlash?: boolean;
  /** Which transports clients may use. Default: both. */
  transports?: TransportName[];
  /** Whether a session may move from polling to WebSocket. Default: true. */
  allowUpgrades?: boolean;
  /** How often a client is pinged. Default: 25,000. */
  pingInterval?: number;
  /** How long it may take to answer. Default: 20,000. */
  pingTimeout?: number;
  /** How long a move to another transport may take. Default: 10,000. */
  upgradeTimeout?: number;
  /** Bytes of the largest message of a client. Default: 1,000,000. */
  maxHttpBufferSize?: number;
  /** Which web origins may connect. Default: only the server's own. */
  cors?: CorsOptions | CorsDelegate;
  /** A cookie with the session id; `true` names it `io`. Default: none. */
  cookie?: CookieOptions | boolean;
  /** Decides about each new session: `callback(null, true)` lets it in. */
  allowRequest?: (
    request: IncomingMessage,
    callback: (refusal: string | null | undefined, allowed: boolean) => void,
  ) => void;
  /** Whether upgrades that nobody answers are ended. Default: true. */
  destroyUpgrade?: boolean;
  /** How long they are given. Default: 1,000. */
  destroyUpgradeTimeout?: number;
}

/** The cookie with the session id. */
export interface CookieOptions {
  name?: string;
  path?: string;
  httpOnly?: boolean;
  sameSite?: boolean | "strict" | "lax" | "none";
  secure?: boolean;
  domain?: string;
  /** Seconds. */
  maxAge?: number;
}

/** Options of a Socket.IO server. */
export interface ServerOptions extends EngineOptions {
  /** Whether `<path>/socket.io.js` and its siblings are served. Default: true. */
  serveClient?: boolean;
  /** How long a client may take to join a namespace. Default: 45,000. */
  connectTimeout?: number;
}

/** What the core is told, CORS excepted. */
export function nativeOptions(
  protocol: "engine.io" | "socket.io",
  options: ServerOptions,
): NativeOptions {
  check(options);
  const { transports } = options;
  return {
    protocol,
    pingInterval: options.pingInterval,
    pingTimeout: options.pingTimeout,
    upgradeTimeout: options.upgradeTimeout,
    connectTimeout: options.connectTimeout,
    maxPayloadBytes: options.maxHttpBufferSize,
    polling: transports?.includes("polling"),
    websocket: transports?.includes("websocket"),
    allowUpgrades: options.allowUpgrades,
    cookie: nativeCookie(options.cookie),
  };
}

/** Below which path requests are ours. */
export function requestPath(options: EngineOptions): string {
  const path = (options.path ?? "/engine.io").replace(/\/$/, "");
  return options.addTrailingSlash === false ? path : `${path}/`;
}

function nativeCookie(cookie: CookieOptions | boolean | undefined): NativeCookie | undefined {
  if (cookie === undefined || cookie === false) {
    return undefined;
  }
  const { sameSite = "lax", ...given } = cookie === true ? {} : cookie;
  return {
    name: "io",
    path: "/",
    ...given,
    httpOnly: given.path === "" ? false : (given.httpOnly ?? true),
    sameSite: sameSite === true ? "strict" : sameSite === false ? undefined : sameSite,
  };
}

/** A wrong type is a mistake of the program: it is told by name, before anything listens. */
function check(options: ServerOptions): void {
  const values = options as Record<string, unknown>;
  for (const [name, type] of Object.entries(TYPES)) {
    const value = values[name];
    // eslint-disable-next-line valid-typeof
    if (value !== undefined && typeof value !== type) {
      throw new TypeError(`the option ${name} must be a ${type}, not ${describe(value)}`);
    }
    if (type === "number" && value !== undefined && !((value as number) >= 0)) {
      throw new RangeError(`the option ${name} must not be negative, and is ${String(value)}`);
    }
  }
  const { transports } = options;
  if (transports === undefined) {
    return;
  }
  if (!Array.isArray(transports) || transports.length === 0) {
    throw new TypeError(`the option transports must be a list, not ${describe(transports)}`);
  }
  for (const name of transports) {
    if (name !== "polling" && name !== "websocket") {
      throw new TypeError(
        `the option transports may hold "polling" and "websocket", not ${describe(name)}`,
      );
    }
  }
}

function describe(value: unknown): string {
  return typeof value === "string" ? JSON.stringify(value) : String(value);
}

const TYPES = {
  path: "string",
  addTrailingSlash: "boolean",
  allowUpgrades: "boolean",
  pingInterval: "number",
  pingTimeout: "number",
  upgradeTimeout: "number",
  connectTimeout: "number",
  maxHttpBufferSize: "number",
  allowRequest: "function",
  destroyUpgrade: "boolean",
  destroyUpgradeTimeout: "number",
  serveClient: "boolean",
} as const;
