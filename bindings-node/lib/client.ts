/**
 * What the sockets of one client have in common.
 */

import type { IncomingMessage } from "node:http";
import { parse } from "node:querystring";

import type { EngineSocket } from "./engine-socket";
import type { Socket } from "./socket";

export class Client {
  /** Its sockets, one in each namespace that it has joined. */
  readonly sockets = new Set<Socket<any, any, any, any>>();

  constructor(
    /** The client's Engine.IO session. */
    readonly conn: EngineSocket,
  ) {}

  /** The session id: it must not be shared. */
  get id(): string {
    return this.conn.id;
  }

  /** The request that opened the session. */
  get request(): IncomingMessage {
    return this.conn.request;
  }
}

/** What a client said when it connected to a namespace. */
export interface Handshake {
  /** Headers of the request that opened the session. */
  headers: IncomingMessage["headers"];
  /** When this was written, as a text. */
  time: string;
  /** The client's IP address. */
  address: string;
  /** Whether the request named an origin. */
  xdomain: boolean;
  /** Whether the connection is encrypted. */
  secure: boolean;
  /** When this was written, in milliseconds since 1970. */
  issued: number;
  /** The URL of the request, with its query. */
  url: string;
  /** The parameters of the query; of a repeated one, all values. */
  query: Record<string, string | string[] | undefined>;
  /** What the client gave as `auth`. */
  auth: Record<string, any>;
}

export function handshakeOf(conn: EngineSocket, auth: Record<string, unknown>): Handshake {
  const { request } = conn;
  const now = new Date();
  const url = request.url ?? "";
  return {
    headers: request.headers,
    time: now.toString(),
    address: conn.remoteAddress,
    xdomain: request.headers.origin !== undefined,
    secure: (request.socket as { encrypted?: boolean }).encrypted === true,
    issued: now.getTime(),
    url,
    query: queryOf(url),
    auth,
  };
}

function queryOf(url: string): Handshake["query"] {
  const start = url.indexOf("?");
  return start === -1 ? {} : { ...parse(url.slice(start + 1)) };
}
