/**
 * Serving the official client, so that a page needs no build step: `/socket.io/socket.io.js`.
 */

import { createReadStream } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { dirname, join } from "node:path";

/** The files of one installed client below one path. */
export class ClientBundle {
  private constructor(
    /** With its trailing slash. */
    private readonly path: string,
    private readonly directory: string,
    private readonly version: string,
  ) {}

  /** The files of the installed package `socket.io-client`, if there is one. */
  static find(path: string): ClientBundle | undefined {
    try {
      const manifest = require.resolve("socket.io-client/package.json");
      const { version } = require(manifest) as { version: string };
      return new ClientBundle(path, join(dirname(manifest), "dist"), version);
    } catch {
      return undefined;
    }
  }

  /** Answers a request for one of the files; `false`: it is for something else. */
  handleRequest(request: IncomingMessage, response: ServerResponse): boolean {
    const file = this.fileOf(request);
    if (file === undefined) {
      return false;
    }
    const etag = `"${this.version}"`;
    const headers: Record<string, string> = {
      "Cache-Control": "public, max-age=0",
      "Content-Type": file.endsWith(".map")
        ? "application/json; charset=utf-8"
        : "application/javascript; charset=utf-8",
      ETag: etag,
    };
    const known = request.headers["if-none-match"];
    if (known === etag || known === `W/${etag}`) {
      response.writeHead(304, headers).end();
      return true;
    }
    response.writeHead(200, headers);
    if (request.method === "HEAD") {
      response.end();
      return true;
    }
    createReadStream(file)
      .on("error", () => response.destroy())
      .pipe(response);
    return true;
  }

  private fileOf(request: IncomingMessage): string | undefined {
    const { url = "", method } = request;
    if ((method !== "GET" && method !== "HEAD") || !url.startsWith(this.path)) {
      return undefined;
    }
    const name = url.slice(this.path.length).split("?", 1)[0];
    return FILES.has(name) ? join(this.directory, name) : undefined;
  }
}

const FILES: ReadonlySet<string> = new Set(
  ["socket.io.js", "socket.io.min.js", "socket.io.msgpack.min.js", "socket.io.esm.min.js"].flatMap(
    (name) => [name, `${name}.map`],
  ),
);
