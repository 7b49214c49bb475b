// Namespaces and auth, each way to connect.
import assert from "node:assert/strict";
import test from "node:test";
import { SERVER, WAYS, ask, atEnd, connect, create, event } from "./client.mjs";
import { Manager } from "socket.io-client";

for (const [way, options] of Object.entries(WAYS)) {
  test(`${way}: auth reaches the server`, async () => {
    const auth = { token: "é😀", deep: [1, { a: null }] };
    assert.deepEqual(await ask(await connect("/", { ...options, auth }), "auth"), [auth]);
    assert.deepEqual(await ask(await connect("/", options), "auth"), [{}]);
  });

  test(`${way}: without the right auth the namespace is closed`, async () => {
    for (const auth of [undefined, {}, { token: "wrong" }]) {
      const client = create("/private", { ...options, auth });
      const [error] = await event(client, "connect_error");
      assert.equal(error.message, "not authorised");
      assert.deepEqual(error.data, { code: 401 });
      assert.equal(client.connected, false);
    }
  });

  test(`${way}: with the right auth the server says welcome`, async () => {
    const client = create("/private", { ...options, auth: { token: "secret", user: "ada" } });
    assert.deepEqual(await event(client, "welcome"), ["ada"]);
    assert.deepEqual(await ask(client, "echo", 1), [1]);
  });

  test(`${way}: who was refused can try again`, async () => {
    const auth = { token: "wrong" };
    const client = create("/private", { ...options, auth: (give) => give(auth) });
    await event(client, "connect_error");
    Object.assign(auth, { token: "secret", user: "ada" });
    const welcome = event(client, "welcome");
    client.connect();
    assert.deepEqual(await welcome, ["ada"]);
  });

  test(`${way}: a namespace that does not exist`, async () => {
    const [error] = await event(create("/nowhere", options), "connect_error");
    assert.equal(error.message, "Invalid namespace");
  });

  test(`${way}: two namespaces share a connection and nothing else`, async () => {
    const manager = new Manager(SERVER, options);
    atEnd(() => manager._close());
    const main = manager.socket("/");
    const priv = manager.socket("/private", { auth: { token: "secret", user: "ada" } });
    await Promise.all([event(main, "connect"), event(priv, "welcome")]);
    assert.notEqual(main.id, priv.id);
    const overheard = [];
    priv.on("said", (...args) => overheard.push(args));
    const said = event(main, "said");
    main.emit("to-all", "said", 1);
    assert.deepEqual(await said, [1]);
    assert.deepEqual(await ask(priv, "echo", 2), [2]);
    assert.deepEqual(overheard, []);
    main.disconnect();
    assert.deepEqual(await ask(priv, "echo", 3), [3]);
  });
}
