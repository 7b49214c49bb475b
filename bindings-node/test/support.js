// What the tests of this folder share: servers and clients that end with their test.

const { once } = require("node:events");
const { createServer } = require("node:http");

const { io: connect } = require("socket.io-client");

const { Server } = require("..");

/** Milliseconds: far more than anything here takes. */
const PATIENCE = 10_000;

/** The ways for a client to use its transports. */
exports.TRANSPORTS = {
  "polling only": { transports: ["polling"] },
  "WebSocket only": { transports: ["websocket"] },
  "polling, then WebSocket": { transports: ["polling", "websocket"] },
};

/** A listening server; `connect` makes a client of it. Everything ends with the test. */
exports.serve = async (t, options = {}, httpServer = createServer()) => {
  const io = new Server(httpServer, options);
  httpServer.listen(0, "127.0.0.1");
  await once(httpServer, "listening");
  const { port } = httpServer.address();
  const url = `http://127.0.0.1:${port}`;
  const clients = [];
  t.after(async () => {
    for (const client of clients) {
      client.disconnect();
    }
    await io.close();
  });
  return {
    io,
    url,
    port,
    httpServer,
    connect: (clientOptions = {}, namespace = "/") => {
      const client = connect(url + namespace, { forceNew: true, ...clientOptions });
      clients.push(client);
      return client;
    },
  };
};

/** The next event of this name, as a list of its arguments; it fails loudly instead of hanging. */
exports.next = (emitter, name) =>
  // Not `once` of node:events, which an `error` event would end.
  new Promise((resolve, reject) => {
    const timer = setTimeout(reject, PATIENCE, new Error(`the event ${name} never came`));
    emitter.once(name, (...args) => {
      clearTimeout(timer);
      resolve(args);
    });
  });

/** Resolves once `condition()` is true. */
exports.until = async (condition) => {
  const end = Date.now() + PATIENCE;
  while (!condition()) {
    if (Date.now() > end) {
      throw new Error(`it never came true: ${condition}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};

/** The socket of a client on the server's side, both connected. */
exports.pair = async (server, clientOptions, namespace = "/") => {
  const client = server.connect(clientOptions, namespace);
  const [[socket]] = await Promise.all([
    exports.next(server.io.of(namespace), "connection"),
    exports.next(client, "connect"),
  ]);
  return { client, socket };
};
