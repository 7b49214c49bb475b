// Builds the core for this machine and puts it where `lib/native.ts` looks for it.

const { execFileSync } = require("node:child_process");
const { copyFileSync, mkdirSync } = require("node:fs");
const { join } = require("node:path");

const root = join(__dirname, "..");
const profile = process.argv.includes("--debug") ? "debug" : "release";

const metadata = JSON.parse(
  execFileSync("cargo", ["metadata", "--no-deps", "--format-version", "1"], {
    cwd: root,
    encoding: "utf8",
    maxBuffer: 64 * 1024 * 1024,
  }),
);
const flags = profile === "release" ? ["--release"] : [];
execFileSync("cargo", ["build", "--package", "sansocket-node", ...flags], {
  cwd: root,
  stdio: "inherit",
});

const library =
  {
    darwin: "libsansocket_node.dylib",
    win32: "sansocket_node.dll",
  }[process.platform] ?? "libsansocket_node.so";
const target = join(root, "native", `sansocket.${platformName()}.node`);
mkdirSync(join(root, "native"), { recursive: true });
copyFileSync(join(metadata.target_directory, profile, library), target);
console.log(`built ${target}`);

// As in lib/native.ts, which is not compiled yet when this runs.
function platformName() {
  const { platform, arch } = process;
  if (platform === "linux") {
    const { glibcVersionRuntime } = process.report.getReport().header;
    return `${platform}-${arch}-${glibcVersionRuntime === undefined ? "musl" : "gnu"}`;
  }
  return platform === "win32" ? `${platform}-${arch}-msvc` : `${platform}-${arch}`;
}
