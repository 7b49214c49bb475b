// How connections end, and how the client comes back.
import assert from "node:assert/strict";
import net from "node:net";
import test from "node:test";
import { SERVER, WAYS, ask, atEnd, bytes, connect, event, settled, within } from "./client.mjs";

/** A wire between client and server that can be cut and mended. */
class Wire {
  static async lay() {
    const wire = new Wire();
    const { hostname, port } = new URL(SERVER);
    wire.links = new Set();
    wire.isCut = false;
    wire.listener = net.createServer((near) => {
      if (wire.isCut) return void near.destroy();
      const link = { near, far: net.connect(Number(port), hostname), isPolling: false };
      wire.links.add(link);
      near.on("data", (chunk) => (link.isPolling = chunk.subarray(0, 4).toString() === "GET "));
      link.far.on("data", () => (link.isPolling = false));
      for (const [from, to] of [[near, link.far], [link.far, near]]) {
        from.pipe(to);
        from.on("error", () => {});
        from.on("close", () => {
          wire.links.delete(link);
          to.destroy();
        });
      }
    });
    await new Promise((resolve) => wire.listener.listen(0, "127.0.0.1", resolve));
    wire.url = `http://127.0.0.1:${wire.listener.address().port}`;
    atEnd(() => {
      wire.listener.close();
      wire.cut();
    });
    return wire;
  }

  /** Every connection breaks, and no new one is possible. */
  cut() {
    this.isCut = true;
    for (const { near } of this.links) near.destroy();
  }

  mend() {
    this.isCut = false;
  }

  /** Waits for a poll to be pending: only a broken poll tells the server at once that a polling client is gone. */
  async poll() {
    while (![...this.links].some((link) => link.isPolling)) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

const AT_ONCE = { reconnectionDelay: 10, reconnectionDelayMax: 10 };

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: the client leaves, and can come back`, async () => {
    const client = await connect("/", options);
    const first = client.id;
    client.disconnect();
    assert.equal(client.connected, false);
    const connected = event(client, "connect");
    client.connect();
    await connected;
    assert.notEqual(client.id, first);
    assert.deepEqual(await ask(client, "echo", 1), [1]);
  });

  test(`${way}: the server says goodbye`, async () => {
    const client = await connect("/", options);
    const disconnected = event(client, "disconnect");
    client.emit("disconnect-me");
    assert.equal((await disconnected)[0], "io server disconnect");
    const connected = event(client, "connect");
    client.connect();
    await connected;
    assert.deepEqual(await ask(client, "echo", 1), [1]);
  });

  test(`${way}: a cut wire is noticed on both sides, and mended by the client`, async () => {
    const wire = await Wire.lay();
    const watcher = await connect("/", WAYS.websocket);
    const client = await connect("/", { ...options, ...AT_ONCE, url: wire.url });
    const first = client.id;
    const gone = within(new Promise((resolve) => watcher.on("left", (id) => id === first && resolve(id))), "the watcher to notice");
    // The server has seen the end of the upgrade when it has answered something that was sent after it.
    await ask(client, "echo");
    const disconnected = event(client, "disconnect");
    if (way === "polling") await wire.poll();
    wire.cut();
    assert.match((await disconnected)[0], /^transport (close|error)$/);
    const connected = event(client, "connect");
    wire.mend();
    await connected;
    assert.notEqual(client.id, first);
    assert.equal(await gone, first);
    await settled(client, options);
    assert.deepEqual(await ask(client, "echo", 1), [1]);
  });

  test(`${way}: what was emitted while the wire was cut is sent after it is mended`, async () => {
    const wire = await Wire.lay();
    const client = await connect("/", { ...options, ...AT_ONCE, url: wire.url });
    const disconnected = event(client, "disconnect");
    wire.cut();
    await disconnected;
    const back = event(client, "back");
    client.emit("back", "from the outbox", 7);
    wire.mend();
    assert.deepEqual(await back, ["from the outbox", 7]);
  });

  test(`${way}: a message over the limit ends this connection only`, async () => {
    const watcher = await connect("/", WAYS.websocket);
    const client = await connect("/", { ...options, reconnection: false });
    const disconnected = event(client, "disconnect");
    client.emit("back", bytes(1_200_000));
    assert.match((await disconnected)[0], /^transport (close|error)$/);
    assert.deepEqual(await ask(watcher, "echo", 1), [1]);
  });
}

test("many clients come and go at once", async () => {
  const clients = await Promise.all(Array.from({ length: 30 }, (_, number) => connect("/", Object.values(WAYS)[number % 3])));
  assert.equal(new Set(clients.map((client) => client.id)).size, 30);
  assert.deepEqual(await Promise.all(clients.map((client, number) => ask(client, "echo", number))), clients.map((_, number) => [number]));
});
