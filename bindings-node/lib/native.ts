/**
 * The compiled core: what it offers, and finding the binary of this platform.
 */

import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * One server of the core.
 *
 * A call does no I/O and calls nothing back: what it caused waits until `drain` or `feed` writes it
 * into the arrays of the caller, as `records.ts` reads them. Keys are plain numbers; one that has
 * gone stale makes a call return `false` or `null`, it never names somebody else's socket.
 */
export interface NativeServer {
  handleRequest(method: string, target: string, version: string, headers: string): number;
  handleBody(request: number, chunk: Uint8Array, end: boolean): boolean;
  handleAbort(request: number): boolean;
  handleUpgrade(
    method: string,
    target: string,
    version: string,
    headers: string,
    extraHeaders: string,
  ): number | NativeRefusal;
  feed(
    conn: number,
    input: Uint8Array,
    numbers: Float64Array,
    bytes: Uint8Array,
    start: number,
  ): string | null;
  handleCongested(conn: number, congested: boolean): boolean;
  handleEof(conn: number): boolean;
  handleTimeout(): void;

  drain(numbers: Float64Array, bytes: Uint8Array, start: number): string | null;
  copyNumbers(numbers: Float64Array): boolean;
  copyBytes(bytes: Uint8Array): boolean;

  addNamespace(name: string): void;
  accept(socket: number): boolean;
  reject(socket: number, error: string): boolean;
  emit(socket: number, json: string, attachments: Uint8Array[] | undefined, flags: number): boolean;
  /** The acknowledgement's number; -1 when the socket owes too many. */
  emitWithAck(
    socket: number,
    json: string,
    attachments: Uint8Array[] | undefined,
    flags: number,
    timeoutMillis: number | undefined,
  ): number | null;
  broadcast(
    namespace: string,
    rooms: readonly string[],
    except: readonly string[],
    json: string,
    attachments: Uint8Array[] | undefined,
    flags: number,
  ): boolean;
  broadcastWithAck(
    namespace: string,
    rooms: readonly string[],
    except: readonly string[],
    json: string,
    attachments: Uint8Array[] | undefined,
    flags: number,
    timeoutMillis: number | undefined,
  ): number | null;
  acknowledge(
    socket: number,
    packetId: number,
    json: string,
    attachments: Uint8Array[] | undefined,
  ): boolean;
  join(socket: number, room: string): boolean;
  leave(socket: number, room: string): boolean;
  rooms(socket: number): string[];
  sockets(namespace: string, rooms: readonly string[], except: readonly string[]): number[];
  disconnect(socket: number): boolean;

  closeSession(session: number): boolean;
  isWritable(session: number): boolean;
  sendSession(session: number, message: string | Uint8Array): boolean;
  send(conn: number, message: string | Uint8Array): boolean;
  close(conn: number, code: number, reason: string): boolean;
  shutdown(): void;
}

/** The answer to an upgrade that was refused: header lines end with CRLF. */
export interface NativeRefusal {
  status: number;
  headers: string;
  body: Uint8Array;
}

/** Settings of the core. What is left out takes the core's own default. Durations in milliseconds. */
export interface NativeOptions {
  protocol: "websocket" | "engine.io" | "socket.io";
  pingInterval?: number;
  pingTimeout?: number;
  upgradeTimeout?: number;
  connectTimeout?: number;
  maxPayloadBytes?: number;
  maxMessageBytes?: number;
  maxFragments?: number;
  maxBufferedBytes?: number;
  /** Whether plain WebSocket connections accept permessage-deflate. */
  perMessageDeflate?: boolean;
  polling?: boolean;
  websocket?: boolean;
  allowUpgrades?: boolean;
  cors?: NativeCors;
  cookie?: NativeCookie;
}

/** Which origins may connect: `"*"` is any, an empty list only the server's own. */
export interface NativeCors {
  origins: string[];
  credentials?: boolean;
  methods?: string[];
  allowedHeaders?: string[];
  exposedHeaders?: string[];
  maxAge?: number;
}

/** The cookie with the session id. */
export interface NativeCookie {
  name: string;
  path?: string;
  httpOnly?: boolean;
  sameSite?: string;
  secure?: boolean;
  domain?: string;
  maxAge?: number;
}

/** Starts a server of the core. */
export function createNativeServer(options: NativeOptions): NativeServer {
  binding ??= load();
  return new binding.NativeServer(options);
}

interface Binding {
  NativeServer: new (options: NativeOptions) => NativeServer;
}

let binding: Binding | undefined;

function load(): Binding {
  const name = `sansocket.${platformName()}.node`;
  const file = join(__dirname, "..", "native", name);
  if (!existsSync(file)) {
    throw new Error(
      `sansocket has no binary for this platform: ${file} is missing. ` +
        `Run \`npm run build:native\` in a clone of the repository to make it (Rust is needed).`,
    );
  }
  return require(file) as Binding;
}

/** For example `linux-x64-gnu`, `darwin-arm64`, `win32-x64-msvc`. */
export function platformName(): string {
  const { platform, arch } = process;
  switch (platform) {
    case "linux":
      return `${platform}-${arch}-${isGlibc() ? "gnu" : "musl"}`;
    case "win32":
      return `${platform}-${arch}-msvc`;
    default:
      return `${platform}-${arch}`;
  }
}

function isGlibc(): boolean {
  const report = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return report.header?.glibcVersionRuntime !== undefined;
}
