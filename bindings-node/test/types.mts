// Compiled, never run: what the types of the package allow, and what they refuse.

import { Server } from "sansocket";
import type { Socket } from "sansocket";
import { Server as EngineServer } from "sansocket/engine";
import { Server as WebSocketServer } from "sansocket/websocket";

// Without declarations everything goes.

const untyped = new Server(3000, { cors: { origin: ["https://a.example", /b\.example$/] } });
untyped.on("connection", (socket) => {
  socket.on("anything", (a, b, answer) => answer(a + b));
  socket.emit("anything", 1, "2", () => {});
  socket.data.anything = 1;
  socket.on("disconnect", (reason, details) => {
    const known: "ping timeout" | string = reason;
    const error: Error | undefined = details;
    console.log(known, error);
  });
});
untyped.timeout(10).emit("ask", (error: Error, answers: string[]) => console.log(error, answers));

// With declarations only what was declared.

interface FromClients {
  said: (text: string, answer: (length: number) => void) => void;
  left: () => void;
}
interface FromServer {
  news: (text: string, id: number) => void;
  ask: (question: string, answer: (reply: string) => void) => void;
}
interface BetweenServers {
  ping: () => void;
}
interface Data {
  name: string;
}
const io = new Server<FromClients, FromServer, BetweenServers, Data>();

io.use((socket, next) => {
  socket.data.name = "x";
  // @ts-expect-error: a name is a text
  socket.data.name = 7;
  next(new Error("no"));
});

io.on("connection", async (socket) => {
  const typed: Socket<FromClients, FromServer, BetweenServers, Data> = socket;
  typed.on("said", (text, answer) => answer(text.length));
  // @ts-expect-error: no client emits this
  typed.on("unknown", () => {});
  // @ts-expect-error: the answer is a number
  typed.on("said", (text, answer) => answer(text));

  socket.emit("news", "text", 1);
  // @ts-expect-error: the id is missing
  socket.emit("news", "text");
  // @ts-expect-error: this is an event of clients
  socket.emit("said", "text", () => {});
  socket.emit("ask", "?", (reply) => console.log(reply.length));
  socket.timeout(1).emit("ask", "?", (error, reply) => console.log(error?.message, reply.length));

  const reply: string = await socket.emitWithAck("ask", "?");
  const late: string = await socket.timeout(1).emitWithAck("ask", "?");
  const replies: string[] = await io.timeout(1).emitWithAck("ask", "?");
  const others: string[] = await socket.broadcast.timeout(1).emitWithAck("ask", "?");
  console.log(reply, late, replies, others);
  // @ts-expect-error: nobody answers this one
  await socket.emitWithAck("news", "text", 1);

  socket.to("room").emit("news", "text", 1);
  socket.broadcast.except(["a"]).volatile.compress(false).local.emit("news", "text", 1);
  io.to("room")
    .timeout(1)
    .emit("ask", "?", (error, answers) => {
      const all: string[] = answers;
      console.log(error, all);
    });
  // @ts-expect-error: the text is missing
  io.emit("news", 1);
});

for (const remote of await io.fetchSockets()) {
  const name: string = remote.data.name;
  const rooms: Set<string> = remote.rooms;
  remote.emit("news", name, rooms.size);
  remote.disconnect(true);
}

// @ts-expect-error: there is no such transport
new Server({ transports: ["pigeon"] });

// The layers below.

new EngineServer().on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
});
new WebSocketServer({ path: "/ws" }).on("connection", (socket) => {
  socket.on("message", (data) => socket.send(data));
  socket.on("close", (code, reason) => console.log(code + 1, reason.length));
});
