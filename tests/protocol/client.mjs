// A stranger on the network: HTTP requests, WebSocket connections and raw bytes.
import { once } from "node:events";
import http from "node:http";
import net from "node:net";
import { afterEach } from "node:test";
import WebSocket from "ws";

const SERVER = new URL(process.env.SERVER_URL ?? fail("SERVER_URL says where the server is"));

export const ENGINE = "/engine.io/";
export const SOCKET = "/socket.io/";
export const SEPARATOR = "\x1e";

// What the fixture was started with.
export const PING_INTERVAL = 300;
export const PING_TIMEOUT = 200;
export const CONNECT_TIMEOUT = 1000;
export const MAX_PAYLOAD = 1_000_000;

// Much longer than anything takes that is going to happen at all, in milliseconds.
const PATIENCE = 5000;

// What a test has opened ends with it, whether it has failed or not.
const opened = new Set();

afterEach(() => {
  for (const end of opened) end();
  opened.clear();
});

/** One HTTP exchange on a connection of its own: `{ status, headers, body }`. Rejects when the server cuts the connection. */
export function request(target, { method = "GET", body, headers, signal } = {}) {
  return new Promise((resolve, reject) => {
    const options = { method, headers, signal, agent: false };
    const outgoing = http.request(new URL(target, SERVER), options, (response) => {
      const chunks = [];
      response.on("data", (chunk) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks).toString() }),
      );
    });
    opened.add(() => outgoing.destroy());
    // A refused body may still be on its way when the answer comes, so an answer wins over a broken pipe.
    outgoing.on("error", (error) => setImmediate(reject, error));
    outgoing.end(body);
  });
}

/** An HTTP exchange that the server may also refuse by cutting the connection: the status, or "cut". */
export async function verdict(target, options) {
  try {
    return (await request(target, options)).status;
  } catch {
    return "cut";
  }
}

/** An Engine.IO session on HTTP long-polling. */
export class Polling {
  static async open(path = ENGINE) {
    const response = await request(`${path}?EIO=4&transport=polling`);
    if (response.status !== 200) throw new Error(`the handshake was answered with ${response.status}: ${response.body}`);
    const polling = new Polling();
    polling.path = path;
    polling.handshake = JSON.parse(response.body.slice(1));
    polling.sid = polling.handshake.sid;
    polling.target = `${path}?EIO=4&transport=polling&sid=${polling.sid}`;
    return polling;
  }

  /** A poll: the response. */
  poll(options) {
    return request(this.target, options);
  }

  /** A poll that the server holds by now: it came right behind a POST whose answer is here. */
  async heldPoll() {
    const raw = await Raw.open();
    const head = (method, more = "") => `${method} ${this.target} HTTP/1.1\r\nHost: ${SERVER.host}\r\n${more}\r\n`;
    // An unsolicited pong means nothing.
    raw.write(`${head("POST", "Content-Type: text/plain\r\nContent-Length: 1\r\n")}3${head("GET")}`);
    await raw.until("\r\n\r\nok");
    return raw;
  }

  /** Sends a payload: the response. */
  post(body, options) {
    return request(this.target, { method: "POST", body, ...options });
  }

  /** Polls, answers pings, and returns the first `count` packets that are neither pings nor noops. */
  async packets(count) {
    const packets = [];
    while (packets.length < count) {
      const response = await this.poll();
      if (response.status !== 200) throw new Error(`after ${JSON.stringify(packets)} a poll was answered with ${response.status}`);
      for (const packet of response.body.split(SEPARATOR)) {
        if (packet === "2") await this.post("3");
        else if (packet !== "6") packets.push(packet);
      }
    }
    return packets;
  }

  /** Is the session gone? One that lives answers an unsolicited pong with `ok`. */
  async isGone() {
    return (await verdict(this.target, { method: "POST", body: "3" })) === 400;
  }

  /** A WebSocket that asks to take this session over. */
  candidate() {
    return Link.open(`${this.path}?EIO=4&transport=websocket&sid=${this.sid}`);
  }
}

/** A WebSocket connection whose messages are taken one at a time: text as strings, binary as Buffers. */
export class Link {
  /** Connects, and waits until the opening handshake has succeeded or failed. */
  static async open(target, { answerPings = true } = {}) {
    const link = new Link();
    link.answerPings = answerPings;
    link.messages = [];
    link.waiting = [];
    link.socket = new WebSocket(new URL(target, SERVER.href.replace("http", "ws")), { perMessageDeflate: false });
    opened.add(() => link.socket.terminate());
    link.gone = new Promise((resolve) => {
      link.socket.on("unexpected-response", (_request, response) => {
        resolve({ status: response.statusCode });
        response.destroy();
      });
      link.socket.on("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        for (const { reject } of link.waiting.splice(0)) reject(new Error(`closed with ${code} instead of a message`));
      });
    });
    link.socket.on("error", () => {});
    link.socket.on("message", (data, isBinary) => link.#arrived(isBinary ? data : data.toString()));
    await Promise.race([once(link.socket, "open").catch(() => {}), link.gone]);
    return link;
  }

  /** An Engine.IO session that begins on WebSocket. */
  static async engine(path = ENGINE, options) {
    const link = await Link.open(`${path}?EIO=4&transport=websocket`, options);
    link.handshake = JSON.parse((await link.next()).slice(1));
    return link;
  }

  /** A Socket.IO connection that has joined a namespace; what the server says first has been taken. */
  static async connected(namespace = "/") {
    const link = await Link.engine(SOCKET);
    await link.join(namespace);
    return link;
  }

  /** Joins a namespace: the socket's id. */
  async join(namespace) {
    const prefix = namespace === "/" ? "" : `${namespace},`;
    this.send(`40${prefix}`);
    const reply = await this.next();
    if (!reply.startsWith(`40${prefix}{`)) throw new Error(`joining ${namespace} was answered with ${reply}`);
    await this.next(); // the event `auth`
    return JSON.parse(reply.slice(2 + prefix.length)).sid;
  }

  send(...messages) {
    for (const message of messages) this.socket.send(message);
  }

  /** How the connection was closed: `{ code, reason }`, or `{ status }` when it never opened. */
  closed() {
    return within(this.gone, "the connection to close");
  }

  /** The next message; pings of the heartbeat are answered and left out, unless this link was opened otherwise. */
  next() {
    if (this.messages.length > 0) return Promise.resolve(this.messages.shift());
    const message = new Promise((resolve, reject) => {
      if (this.socket.readyState === WebSocket.CLOSED) reject(new Error("closed instead of a message"));
      else this.waiting.push({ resolve, reject });
    });
    return within(message, "a message");
  }

  async take(count) {
    const messages = [];
    while (messages.length < count) messages.push(await this.next());
    return messages;
  }

  end() {
    this.socket.terminate();
  }

  #arrived(message) {
    if (message === "2" && this.answerPings) this.socket.send("3");
    else if (this.waiting.length > 0) this.waiting.shift().resolve(message);
    else this.messages.push(message);
  }
}

/** A TCP connection for bytes that no client library would send. */
export class Raw {
  static async open() {
    const raw = new Raw();
    raw.socket = net.connect(Number(SERVER.port), SERVER.hostname);
    raw.received = Buffer.alloc(0);
    opened.add(() => raw.socket.destroy());
    raw.socket.on("data", (chunk) => (raw.received = Buffer.concat([raw.received, chunk])));
    raw.gone = new Promise((resolve) => raw.socket.on("close", resolve));
    raw.socket.on("error", () => {});
    await once(raw.socket, "connect");
    return raw;
  }

  write(bytes) {
    this.socket.write(bytes);
  }

  /** Waits until what was received contains these bytes, and takes everything up to their end. */
  async until(bytes) {
    const wanted = Buffer.from(bytes);
    let at;
    while ((at = this.received.indexOf(wanted)) < 0) {
      if (this.socket.destroyed) throw new Error(`cut after ${JSON.stringify(this.received.toString("latin1"))}`);
      await within(Promise.race([once(this.socket, "data"), this.gone]), JSON.stringify(bytes.toString("latin1")));
    }
    return this.take(at + wanted.length);
  }

  /** The next HTTP response: `{ status, body }`. */
  async response() {
    const head = (await this.until("\r\n\r\n")).toString("latin1");
    const length = Number(/^content-length: (\d+)/im.exec(head)[1]);
    while (this.received.length < length) await within(once(this.socket, "data"), "the body");
    return { status: Number(head.split(" ")[1]), body: this.take(length).toString() };
  }

  take(length) {
    const taken = this.received.subarray(0, length);
    this.received = this.received.subarray(length);
    return taken;
  }

  /** Waits until the server has ended the connection. */
  ended() {
    return within(this.gone, "the connection to end");
  }

  end() {
    this.socket.destroy();
  }
}

/** The head of a request that opens a WebSocket. */
export function upgradeHead(target, extra = "") {
  return (
    `GET ${target} HTTP/1.1\r\nHost: ${SERVER.host}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
    `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${extra}\r\n`
  );
}

/** A client frame with a mask of zeros, so that its payload is readable; `first` is FIN, RSV and the opcode. */
export function frame(first, payload) {
  const bytes = Buffer.from(payload);
  if (bytes.length > 125) throw new Error("only short frames");
  return Buffer.concat([Buffer.from([first, 0x80 | bytes.length, 0, 0, 0, 0]), bytes]);
}

export function sleep(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** The promise, or an error that says what has been waited for in vain. */
function within(promise, what) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE} ms for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}

function fail(message) {
  throw new Error(message);
}
