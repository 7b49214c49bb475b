// The example, as two browsers would use it.

const assert = require("node:assert/strict");
const { spawn } = require("node:child_process");
const { join } = require("node:path");
const { test } = require("node:test");

const { io: connect } = require("socket.io-client");

const { next, until } = require("./support");

async function start(t) {
  const folder = join(__dirname, "..", "examples", "chat");
  const child = spawn(process.execPath, ["index.js", "--port", "0"], {
    cwd: folder,
    stdio: ["ignore", "pipe", "ignore"],
  });
  t.after(() => child.kill("SIGKILL"));
  const [line] = await next(child.stdout, "data");
  const [, port] = line.toString().match(/^LISTENING (\d+)\n/);
  return { child, url: `http://127.0.0.1:${port}` };
}

function come(t, url, name) {
  const client = connect(url, { forceNew: true, auth: { name }, reconnection: false });
  t.after(() => client.disconnect());
  return client;
}

test("two people meet in a room of the example chat", async (t) => {
  const { child, url } = await start(t);
  for (const path of ["/", "/style.css", "/page.js", "/logo.svg", "/socket.io/socket.io.js"]) {
    assert.equal((await fetch(url + path)).status, 200, path);
  }
  for (const path of ["/index.js", "/../chat.js", "/missing.css", "/public/page.js"]) {
    assert.equal((await fetch(url + path)).status, 404, path);
  }

  const ada = come(t, url, "Ada");
  await next(ada, "connect");
  const double = come(t, url, "Ada");
  assert.match((await next(double, "connect_error"))[0].message, /already called Ada/);
  const nameless = come(t, url, "  ");
  assert.match((await next(nameless, "connect_error"))[0].message, /your name/);

  const grace = come(t, url, "Grace");
  await next(grace, "connect");
  await ada.emitWithAck("enter", "lobby");
  const first = await ada.emitWithAck("say", "alone");
  const entered = await grace.emitWithAck("enter", "lobby");
  assert.deepEqual(entered, { room: "lobby", messages: [first] });

  const people = [];
  ada.on("presence", (presence) => people.push(presence.people));
  grace.on("message", (_message, shown) => shown());
  const heard = next(grace, "message");
  const seen = next(ada, "seen");
  const typing = next(ada, "typing");
  grace.emit("typing", true);
  const said = await ada.emitWithAck("say", "<b>hello</b>");
  assert.deepEqual((await heard)[0], said);
  assert.equal(said.text, "<b>hello</b>");
  assert.deepEqual(await seen, [said.id, true]);
  assert.deepEqual(await typing, ["Grace", true]);

  grace.disconnect();
  await until(() => people.at(-1)?.length === 1);
  assert.equal(people.at(-1)[0].name, "Ada");

  const ended = next(child, "exit");
  child.kill("SIGTERM");
  assert.deepEqual(await ended, [0, null]);
});
