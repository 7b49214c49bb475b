// A chat with rooms, for any number of browsers: `node index.js --port 3000`.
//
// The page is in `public/`, its rules are in `chat.js`. The page loads the Socket.IO client from
// `/socket.io/socket.io.js`, which this server serves too.

const { createServer } = require("node:http");
const { join } = require("node:path");
const { parseArgs } = require("node:util");

const { Server } = require("sansocket");

const { chat } = require("./chat");
const { files } = require("./files");

const { values } = parseArgs({ options: { port: { type: "string", default: "3000" } } });

const server = createServer(files(join(__dirname, "public")));
const io = new Server(server);
chat(io);

server.listen(Number(values.port), "127.0.0.1", () => {
  const { port } = server.address();
  console.error(`The chat is at http://127.0.0.1:${port}/ (Ctrl-C ends it)`);
  console.log(`LISTENING ${port}`);
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => io.close());
}
