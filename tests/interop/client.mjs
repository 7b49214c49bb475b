// The stock client, connected to the server under test in each of its three ways.
import { afterEach } from "node:test";
import { io } from "socket.io-client";

export const SERVER = process.env.SERVER_URL;
if (!SERVER) throw new Error("SERVER_URL says where the server is");

/** The ways to connect, by name: the options of the stock client. */
export const WAYS = {
  polling: { transports: ["polling"] },
  websocket: { transports: ["websocket"] },
  upgrade: { transports: ["polling", "websocket"] },
};

// Much longer than anything takes that is going to happen at all, in milliseconds.
const PATIENCE = 5000;

// What a test has opened ends with it, whether it has failed or not.
const opened = new Set();

afterEach(() => {
  for (const end of opened) end();
  opened.clear();
});

/** Runs `end` when the present test is over. */
export function atEnd(end) {
  opened.add(end);
}

/** A client that has not connected yet. */
export function create(namespace, options) {
  const { url = SERVER, ...rest } = options ?? {};
  const client = io(url + namespace, { forceNew: true, ...rest });
  atEnd(() => client.io._close());
  return client;
}

/** A client that is connected to a namespace, and has upgraded if it is going to. */
export async function connect(namespace, options) {
  const client = create(namespace, options);
  await event(client, "connect");
  await settled(client, options);
  return client;
}

/** Waits until the upgrade, if there is one to come, is over. */
export async function settled(client, options) {
  const transports = options?.transports ?? WAYS.upgrade.transports;
  const { engine } = client.io;
  if (transports.includes("websocket") && engine.transport.name !== "websocket") {
    await within(new Promise((resolve) => engine.once("upgrade", resolve)), "the upgrade");
  }
}

/** The arguments of the next event of this name. */
export function event(emitter, name) {
  return within(new Promise((resolve) => emitter.once(name, (...args) => resolve(args))), `the event ${name}`);
}

/** The arguments of the next `count` events of this name. */
export function events(emitter, name, count) {
  const received = [];
  const complete = new Promise((resolve) => {
    const listener = (...args) => {
      received.push(args);
      if (received.length < count) return;
      emitter.off(name, listener);
      resolve(received);
    };
    emitter.on(name, listener);
  });
  return within(complete, `${count} events ${name}`);
}

/** Emits, and waits for all the arguments of the acknowledgement. */
export function ask(client, name, ...args) {
  return within(new Promise((resolve) => client.emit(name, ...args, (...answer) => resolve(answer))), `an answer to ${name}`);
}

/** Everything that this client gets from now on under this name; complete once the server has answered something later. */
export async function collected(client, name, during) {
  const received = [];
  const listener = (...args) => received.push(args);
  client.on(name, listener);
  await during();
  await ask(client, "echo");
  client.off(name, listener);
  return received;
}

/** A number of bytes that no two callers share. */
export function bytes(length, seed = 1) {
  return Buffer.from(Array.from({ length }, (_, index) => (index * 31 + seed * 17) % 256));
}

/** The value with every binary in it as a Buffer, so that two values can be compared. */
export function plain(value) {
  if (value instanceof ArrayBuffer) return Buffer.from(value);
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (Array.isArray(value)) return value.map(plain);
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
  return value;
}

/** The promise, or an error that says what has been waited for in vain. */
export function within(promise, what) {
  let timer;
  const limit = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`waited ${PATIENCE} ms for ${what}`)), PATIENCE);
  });
  return Promise.race([promise, limit]).finally(() => clearTimeout(timer));
}
