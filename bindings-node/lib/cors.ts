/**
 * Which web origins may connect: rules that can be written down go to the core, rules that are code
 * are decided here.
 */

import type { IncomingHttpHeaders, IncomingMessage } from "node:http";

import type { NativeCors } from "./native";

type StaticOrigin = boolean | string | RegExp | Array<boolean | string | RegExp>;

/** As in the npm package `cors`. */
export interface CorsOptions {
  origin?:
    | StaticOrigin
    | ((
        origin: string | undefined,
        callback: (error: Error | null, origin?: StaticOrigin) => void,
      ) => void);
  methods?: string | string[];
  allowedHeaders?: string | string[];
  exposedHeaders?: string | string[];
  credentials?: boolean;
  /** Seconds. */
  maxAge?: number;
  optionsSuccessStatus?: number;
}

/** Decides about each request anew. */
export type CorsDelegate = (
  request: { headers: IncomingHttpHeaders; method?: string; url?: string },
  callback: (error: Error | null, options?: CorsOptions) => void,
) => void;

export interface CorsVerdict {
  /** Why the request is refused. */
  refused?: string;
  /** It was only the browser's question, and `headers` answers it. */
  preflight: boolean;
  /** For the answer: name and value in turn. */
  headers: readonly string[];
}

export class CorsPolicy {
  /** What the core is told. */
  readonly native: NativeCors | undefined;
  private readonly dynamic: CorsOptions | CorsDelegate | undefined;

  constructor(cors: CorsOptions | CorsDelegate | undefined) {
    if (cors === undefined) {
      return;
    }
    if (typeof cors !== "function" && (typeof cors !== "object" || cors === null)) {
      throw new TypeError(`the option cors must be an object or a function, not ${String(cors)}`);
    }
    const origins = typeof cors === "function" ? undefined : writtenOrigins(cors.origin);
    if (typeof cors === "function" || origins === undefined) {
      this.dynamic = cors;
      // Every request passes here first, so the core need not ask again.
      this.native = { origins: ["*"] };
    } else {
      this.native = {
        origins,
        credentials: cors.credentials,
        methods: list(cors.methods),
        allowedHeaders: list(cors.allowedHeaders),
        exposedHeaders: list(cors.exposedHeaders),
        maxAge: cors.maxAge,
      };
    }
  }

  /** Decides about a request, now or later; rules that the core knows leave it alone. */
  decide(request: IncomingMessage, then: (verdict: CorsVerdict) => void): void {
    const { dynamic } = this;
    if (dynamic === undefined) {
      then(UNDECIDED);
    } else if (typeof dynamic === "function") {
      dynamic(request, (error, options) => {
        if (error !== null && error !== undefined) {
          then({ ...UNDECIDED, refused: "Forbidden" });
        } else {
          decideOrigin(request, options ?? {}, then);
        }
      });
    } else {
      decideOrigin(request, dynamic, then);
    }
  }
}

function decideOrigin(
  request: IncomingMessage,
  options: CorsOptions,
  then: (verdict: CorsVerdict) => void,
): void {
  const { origin } = request.headers;
  if (typeof options.origin !== "function") {
    then(verdict(request, options, options.origin ?? "*"));
    return;
  }
  options.origin(origin, (error, allowed) => {
    if (error !== null && error !== undefined) {
      then({ ...UNDECIDED, refused: "Forbidden" });
    } else {
      then(verdict(request, options, allowed ?? false));
    }
  });
}

function verdict(
  request: IncomingMessage,
  options: CorsOptions,
  allowed: StaticOrigin,
): CorsVerdict {
  const { origin } = request.headers;
  // Only browsers send an origin, and only they are bound by the answer.
  if (origin === undefined) {
    return UNDECIDED;
  }
  if (!allows(allowed, origin)) {
    return { ...UNDECIDED, refused: "Forbidden" };
  }
  const headers =
    allowed === "*"
      ? ["Access-Control-Allow-Origin", "*"]
      : ["Access-Control-Allow-Origin", origin, "Vary", "Origin"];
  if (options.credentials === true) {
    headers.push("Access-Control-Allow-Credentials", "true");
  }
  const exposed = list(options.exposedHeaders);
  if (exposed !== undefined) {
    headers.push("Access-Control-Expose-Headers", exposed.join(","));
  }
  if (request.method !== "OPTIONS") {
    return { preflight: false, headers };
  }
  const methods = list(options.methods) ?? ["GET", "HEAD", "PUT", "PATCH", "POST", "DELETE"];
  headers.push("Access-Control-Allow-Methods", methods.join(","));
  const asked = request.headers["access-control-request-headers"];
  const names = list(options.allowedHeaders)?.join(",") ?? asked;
  if (names !== undefined) {
    headers.push("Access-Control-Allow-Headers", names);
  }
  if (options.maxAge !== undefined) {
    headers.push("Access-Control-Max-Age", String(options.maxAge));
  }
  return { preflight: true, headers };
}

function allows(allowed: StaticOrigin, origin: string): boolean {
  if (Array.isArray(allowed)) {
    return allowed.some((one) => allows(one, origin));
  }
  if (allowed instanceof RegExp) {
    // A regular expression with the flag `g` remembers where it stopped.
    allowed.lastIndex = 0;
    return allowed.test(origin);
  }
  return allowed === true || allowed === "*" || allowed === origin;
}

/** The origins as a list for the core; `undefined` when they cannot be written down. */
function writtenOrigins(origin: CorsOptions["origin"]): string[] | undefined {
  switch (typeof origin) {
    case "undefined":
      return ["*"];
    case "string":
      return [origin];
    case "boolean":
      return origin ? ["*"] : [];
    case "function":
      return undefined;
    default:
      return Array.isArray(origin) && origin.every((one) => typeof one === "string")
        ? origin
        : undefined;
  }
}

function list(value: string | string[] | undefined): string[] | undefined {
  return typeof value === "string" ? value.split(",").map((one) => one.trim()) : value;
}

const UNDECIDED: CorsVerdict = { preflight: false, headers: [] };
