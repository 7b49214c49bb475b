// Loaded before a program that names port 3000, so that it runs unchanged beside whatever has that
// port. It tells the port that it got.

const { Server } = require("node:net");

const { listen } = Server.prototype;

Server.prototype.listen = function (port, ...rest) {
  this.once("listening", () => process.send({ port: this.address().port }));
  return listen.call(this, port === 3000 ? 0 : port, ...rest);
};
