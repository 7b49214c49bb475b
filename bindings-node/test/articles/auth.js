const io = require('sansocket')(3000, {
  cors: { origin: 'https://yourdomain.com' }
});

io.use((socket, next) => {
  const token = socket.handshake.auth.token;
  if (isValidToken(token)) {
    return next();
  }
  return next(new Error('Authentication error'));
});

// The article leaves this one to the reader.
function isValidToken(token) {
  return token === 'valid';
}
