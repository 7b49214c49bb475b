// Programs that people start from: two tutorials', unchanged but for the name of the package, and the
// quick start of the README.

const assert = require("node:assert/strict");
const { fork } = require("node:child_process");
const { readFileSync } = require("node:fs");
const { join } = require("node:path");
const { test } = require("node:test");

const { io: connect } = require("socket.io-client");

const { next, until } = require("./support");

const FOLDER = join(__dirname, "articles");

/** Runs a program until the test ends, on a port of its own. */
async function run(t, name) {
  const child = fork(join(FOLDER, name), {
    execArgv: ["--require", join(FOLDER, "any-port.js")],
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  t.after(() => child.kill());
  const program = { output: "" };
  child.stdout.on("data", (chunk) => (program.output += chunk));
  const [{ port }] = await next(child, "message");
  program.url = `http://localhost:${port}`;
  return program;
}

function client(t, url, options) {
  const socket = connect(url, { forceNew: true, ...options });
  t.after(() => socket.disconnect());
  return socket;
}

test("the chat on express", async (t) => {
  const program = await run(t, "express/server.js");
  const { url } = program;
  const page = await (await fetch(url)).text();
  assert.equal(page, readFileSync(join(FOLDER, "express", "index.html"), "utf8"));
  const bundle = await fetch(url + page.match(/src="(.*?)"/)[1]);
  assert.match(await bundle.text(), /Socket\.IO v4/);

  const [one, two] = [client(t, url), client(t, url)];
  await Promise.all([next(one, "connect"), next(two, "connect")]);
  const received = Promise.all([next(one, "chat message"), next(two, "chat message")]);
  one.emit("chat message", "hello");
  assert.deepEqual(await received, [["hello"], ["hello"]]);
  two.disconnect();
  await until(() => program.output.includes("User disconnected"));
  assert.deepEqual(program.output.trim().split("\n"), [
    "listening on *:3000",
    "A user connected",
    "A user connected",
    "message: hello",
    "User disconnected",
  ]);
});

test("the quick start", async (t) => {
  const { url } = await run(t, "../../examples/quickstart/server.js");
  const [ada, grace] = ["Ada", "Grace"].map((name) => client(t, url, { auth: { name } }));
  await Promise.all([next(ada, "connect"), next(grace, "connect")]);
  const received = next(grace, "chat message");
  assert.equal(await ada.emitWithAck("chat message", "hello"), "saved");
  assert.deepEqual(await received, ["Ada", "hello"]);
  const [refused] = await next(client(t, url), "connect_error");
  assert.equal(refused.message, "say who you are");
});

test("the chat on a port", async (t) => {
  const { url } = await run(t, "bare.js");
  const one = client(t, url);
  const two = client(t, url, { transports: ["websocket"] });
  await Promise.all([next(one, "connect"), next(two, "connect")]);
  const received = Promise.all([next(one, "chat message"), next(two, "chat message")]);
  two.emit("chat message", "Hello, Socket.IO!");
  assert.deepEqual(await received, [["Hello, Socket.IO!"], ["Hello, Socket.IO!"]]);
});

test("the middleware that asks for a token", async (t) => {
  const { url } = await run(t, "auth.js");
  const refused = client(t, url, { auth: { token: "wrong" } });
  assert.equal((await next(refused, "connect_error"))[0].message, "Authentication error");
  await next(client(t, url, { auth: { token: "valid" } }), "connect");

  const polling = `${url}/socket.io/?EIO=4&transport=polling`;
  const listed = await fetch(polling, { headers: { origin: "https://yourdomain.com" } });
  assert.equal(listed.headers.get("access-control-allow-origin"), "https://yourdomain.com");
  const other = await fetch(polling, { headers: { origin: "https://elsewhere.example" } });
  assert.equal(other.headers.get("access-control-allow-origin"), null);
});
