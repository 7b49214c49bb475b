// The few static files of the page.

const { createReadStream } = require("node:fs");
const { extname, join } = require("node:path");

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".svg": "image/svg+xml",
};

/** Answers requests with the files of `folder`, and nothing below or above it. */
exports.files = (folder) => (request, response) => {
  const { pathname } = new URL(request.url, "http://localhost");
  const name = pathname === "/" ? "index.html" : pathname.slice(1);
  const type = TYPES[extname(name)];
  if (request.method !== "GET" || type === undefined || !/^[a-z-]+\.[a-z]+$/.test(name)) {
    response.writeHead(404, { "Content-Type": "text/plain" }).end("There is nothing here.\n");
    return;
  }
  createReadStream(join(folder, name))
    .on("open", () =>
      response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-cache" }),
    )
    .on("error", () => response.writeHead(404).end())
    .pipe(response);
};
