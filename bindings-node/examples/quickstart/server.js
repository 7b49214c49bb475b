const http = require("http");
const { Server } = require("sansocket");

const httpServer = http.createServer();
const io = new Server(httpServer);

io.use((socket, next) => {
  const { name } = socket.handshake.auth;
  if (!name) return next(new Error("say who you are"));
  socket.data.name = name;
  next();
});

io.on("connection", (socket) => {
  socket.join("lobby");
  socket.on("chat message", (text, delivered) => {
    socket.to("lobby").emit("chat message", socket.data.name, text);
    delivered("saved");
  });
});

httpServer.listen(process.env.PORT || 3000, "127.0.0.1");
