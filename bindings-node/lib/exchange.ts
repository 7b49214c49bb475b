/**
 * One HTTP request that the core answers, now or later.
 */

import type { IncomingMessage, ServerResponse } from "node:http";

/** What an exchange tells about its request. */
export interface ExchangeEvents {
  onBody(request: number, chunk: Uint8Array, end: boolean): void;
  onAbort(request: number): void;
}

export class Exchange {
  constructor(
    readonly id: number,
    readonly request: IncomingMessage,
    private readonly response: ServerResponse,
    /** They replace the core's own of the same name: name and value in turn. */
    private readonly extraHeaders: readonly string[],
    private readonly events: ExchangeEvents,
  ) {
    response.on("close", this.onClose);
  }

  /** Begins to read the body; the core wants it in pieces, as it comes. */
  readBody(): void {
    if (hasBody(this.request)) {
      this.request.on("data", this.onData);
      this.request.on("end", this.onEnd);
    }
  }

  /** Writes the answer; `headerLines` end with CRLF each. */
  reply(status: number, headerLines: string, body: Buffer): void {
    const { request, response } = this;
    this.detach();
    if (response.destroyed || response.headersSent) {
      return;
    }
    const headers = merge(parseHeaderLines(headerLines), this.extraHeaders);
    if (!request.complete && request.httpVersionMajor === 1) {
      // The rest of the body is not wanted, so the connection cannot carry another request.
      headers.push("Connection", "close");
    }
    if (!hasHeader(headers, "content-length") && status !== 204 && status !== 304) {
      headers.push("Content-Length", String(body.length));
    }
    response.writeHead(status, headers);
    response.end(request.method === "HEAD" ? undefined : body);
  }

  /** Cuts the connection: the core is gone and will not answer. */
  destroy(): void {
    this.detach();
    this.response.destroy();
  }

  private readonly onData = (chunk: Buffer): void => {
    this.events.onBody(this.id, chunk, false);
  };

  private readonly onEnd = (): void => {
    this.events.onBody(this.id, NOTHING, true);
  };

  private readonly onClose = (): void => {
    this.detach();
    this.events.onAbort(this.id);
  };

  private detach(): void {
    this.request.off("data", this.onData);
    this.request.off("end", this.onEnd);
    this.response.off("close", this.onClose);
  }
}

/** Name and value in turn. */
export function parseHeaderLines(lines: string): string[] {
  const headers: string[] = [];
  for (const line of lines.split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) {
      headers.push(line.slice(0, colon), line.slice(colon + 2));
    }
  }
  return headers;
}

/**
 * The head's headers in the form that the core reads, order and repeats kept.
 *
 * Pseudo-headers of HTTP/2 are no headers (RFC 9113, 8.3); `:authority` is what `Host` was.
 */
export function headerText(request: IncomingMessage): string {
  const { rawHeaders } = request;
  if (!rawHeaders.some((name, index) => index % 2 === 0 && name.startsWith(":"))) {
    return rawHeaders.length === 0 ? "" : rawHeaders.join("\n") + "\n";
  }
  const plain: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index];
    if (name === ":authority") {
      plain.push("host", rawHeaders[index + 1]);
    } else if (!name.startsWith(":")) {
      plain.push(name, rawHeaders[index + 1]);
    }
  }
  return plain.join("\n") + "\n";
}

function merge(headers: readonly string[], extra: readonly string[]): string[] {
  const merged = [...extra];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    if (!hasHeader(extra, headers[index].toLowerCase())) {
      merged.push(headers[index], headers[index + 1]);
    }
  }
  return merged;
}

function hasBody(request: IncomingMessage): boolean {
  return request.method !== "GET" && request.method !== "HEAD" && request.method !== "OPTIONS";
}

function hasHeader(headers: readonly string[], name: string): boolean {
  return headers.some((header, index) => index % 2 === 0 && header.toLowerCase() === name);
}

const NOTHING = new Uint8Array(0);
