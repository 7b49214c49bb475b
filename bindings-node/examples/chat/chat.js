// The rules of the chat.
//
// A client gives its name as `auth`, enters a room with `enter`, and then says and hears what the
// others in that room say. `README.md` lists the events.

const ROOMS = ["lobby", "random", "support"];
const HISTORY = 50;
const NAME_LENGTH = 24;
const TEXT_LENGTH = 2_000;
/** Milliseconds that a browser has to say that a message was shown. */
const PATIENCE = 5_000;

exports.chat = (io) => {
  /** The last messages of each room. */
  const history = new Map(ROOMS.map((room) => [room, []]));
  let lastId = 0;

  io.use((socket, next) => {
    const name = clean(socket.handshake.auth.name, NAME_LENGTH);
    if (name === "") {
      next(new Error("Please tell us your name."));
    } else if ([...io.sockets.sockets.values()].some(({ data }) => data.name === name)) {
      next(new Error(`Somebody here is already called ${name}.`));
    } else {
      socket.data.name = name;
      next();
    }
  });

  io.on("connection", (socket) => {
    tellTransport(socket);
    socket.conn.on("upgrade", () => tellTransport(socket));

    socket.on("enter", (room, answer) => {
      if (!history.has(room) || typeof answer !== "function") {
        return;
      }
      leave(socket);
      socket.join(room);
      socket.data.room = room;
      answer({ room, messages: history.get(room) });
      tellPresence();
    });

    socket.on("say", (text, answer) => {
      const { name, room } = socket.data;
      const said = clean(text, TEXT_LENGTH);
      if (room === undefined || said === "" || typeof answer !== "function") {
        return;
      }
      lastId += 1;
      const message = { id: lastId, name, text: said, time: Date.now() };
      const messages = history.get(room);
      messages.push(message);
      messages.splice(0, messages.length - HISTORY);
      // One tick: the server has it. Two: every other browser in the room has shown it.
      answer(message);
      socket
        .to(room)
        .timeout(PATIENCE)
        .emit("message", message, (error, seen) => {
          socket.emit("seen", message.id, error === null && seen.length > 0);
        });
    });

    socket.on("typing", (typing) => {
      const { name, room } = socket.data;
      if (room !== undefined) {
        // Whoever cannot hear this at once need not hear it later.
        socket.to(room).volatile.emit("typing", name, typing === true);
      }
    });

    socket.on("disconnect", tellPresence);
  });

  function leave(socket) {
    const { name, room } = socket.data;
    if (room !== undefined) {
      socket.leave(room);
      socket.to(room).emit("typing", name, false);
    }
  }

  function tellTransport(socket) {
    socket.data.transport = socket.conn.transport.name;
    tellPresence();
  }

  /** Who is where, and how each is connected. */
  function tellPresence() {
    const people = [...io.sockets.sockets.values()].map(({ id, data }) => ({ id, ...data }));
    io.emit("presence", { rooms: ROOMS, people });
  }
};

/** A client can send anything: this makes it a text of a sane length. */
function clean(value, length) {
  return typeof value === "string" ? value.trim().slice(0, length) : "";
}
