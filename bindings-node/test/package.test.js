// The package as others get it: its types, its names, its tarball.

const assert = require("node:assert/strict");
const { execFileSync, spawnSync } = require("node:child_process");
const {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");
const { test } = require("node:test");

const sansocket = require("..");
const { createNativeServer, platformName } = require("../dist/native");

const ROOT = join(__dirname, "..");
const SNAPSHOT = join(__dirname, "api.snapshot");

/** The modules that users name, and those whose types these show. */
const PUBLIC = [
  "index",
  "server",
  "namespace",
  "socket",
  "broadcast-operator",
  "options",
  "cors",
  "client",
  "engine",
  "engine-socket",
  "engine-server",
  "websocket-server",
  "acknowledgement",
  "typed-events",
];

test("the public types are the ones that were reviewed", () => {
  const report = PUBLIC.map((name) => {
    const types = readFileSync(join(ROOT, "dist", `${name}.d.ts`), "utf8");
    return `// ${name}.d.ts\n${withoutComments(types)}`;
  }).join("\n");
  if (process.env.UPDATE_API !== undefined) {
    writeFileSync(SNAPSHOT, report);
  }
  assert.equal(
    report,
    readFileSync(SNAPSHOT, "utf8"),
    "the API changed: run `UPDATE_API=1 npm test` and review the difference",
  );
});

test("the types allow and refuse what they should", () => {
  const compiler = join(require.resolve("typescript/package.json"), "..", "bin", "tsc");
  const { stdout, status } = spawnSync(
    process.execPath,
    [compiler, "--project", join(__dirname, "tsconfig.json")],
    { encoding: "utf8" },
  );
  assert.equal(stdout, "");
  assert.equal(status, 0);
});

test("the binary has exactly the methods that its types declare", () => {
  const source = readFileSync(join(ROOT, "dist", "native.d.ts"), "utf8");
  const [, body] = source.match(/interface NativeServer \{([\s\S]*?)\n\}/);
  const declared = [...body.matchAll(/^ {4}(\w+)\(/gm)].map(([, name]) => name);
  const native = createNativeServer({ protocol: "websocket" });
  const actual = Object.getOwnPropertyNames(Object.getPrototypeOf(native)).filter(
    (name) => name !== "constructor",
  );
  assert.ok(declared.length > 20);
  assert.deepEqual(actual.sort(), declared.sort());
});

test("require gives a callable with the classes, and import the same", async () => {
  assert.equal(typeof sansocket, "function");
  const imported = await import("sansocket");
  assert.equal(imported.default, sansocket);
  for (const name of ["Server", "Namespace", "Socket"]) {
    assert.equal(typeof sansocket[name], "function");
    assert.equal(imported[name], sansocket[name]);
  }
  assert.ok(sansocket() instanceof sansocket.Server);
});

test("the tarball installs and runs in an empty folder", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "sansocket-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [{ filename, files }] = JSON.parse(
    npm(["pack", "--json", "--ignore-scripts", "--pack-destination", folder], ROOT),
  );
  const names = files.map(({ path }) => path);
  assert.ok(names.includes(`native/sansocket.${platformName()}.node`), names.join());
  assert.deepEqual(
    names.filter((name) => /^(lib|src|test|scripts|examples)\//.test(name)),
    [],
  );
  writeFileSync(join(folder, "package.json"), JSON.stringify({ private: true }));
  npm(["install", "--prefer-offline", join(folder, filename)], folder);

  const program = `
    const io = require("sansocket")(0);
    io.on("connection", (socket) => socket.on("echo", (text, answer) => answer(text)));
    io.httpServer.on("listening", async () => {
      const url = "http://localhost:" + io.httpServer.address().port;
      const bundle = await fetch(url + "/socket.io/socket.io.js");
      const client = require("socket.io-client").io(url);
      const answer = await client.emitWithAck("echo", "it runs");
      client.disconnect();
      await io.close();
      console.log(bundle.status, answer);
    });
  `;
  const { stdout, stderr } = spawnSync(process.execPath, ["-e", program], {
    cwd: folder,
    encoding: "utf8",
    timeout: 30_000,
  });
  assert.equal(stdout, "200 it runs\n", stderr);

  const esm = `import { Server } from "sansocket"; console.log(typeof Server);`;
  const script = join(folder, "script.mjs");
  writeFileSync(script, esm);
  assert.equal(execFileSync(process.execPath, [script], { encoding: "utf8" }), "function\n");

  const native = join(folder, "node_modules", "sansocket", "native");
  for (const name of readdirSync(native)) {
    rmSync(join(native, name));
  }
  const missing = spawnSync(process.execPath, ["-e", `require("sansocket")()`], {
    cwd: folder,
    encoding: "utf8",
  });
  assert.match(missing.stderr, /no binary for this platform.*linux|darwin|win32/);
  assert.equal(existsSync(join(folder, "node_modules", "sansocket", "lib")), false);
});

function npm(args, cwd) {
  return execFileSync("npm", args, { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
}

function withoutComments(types) {
  return types.replaceAll(/^\s*\/\*\*[\s\S]*?\*\/\n/gm, "");
}
