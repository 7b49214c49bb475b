const io = require('sansocket')(3000);
io.on('connection', socket => {
  console.log('Client connected');
  socket.on('chat message', msg => {
    io.emit('chat message', msg);
  });
});
