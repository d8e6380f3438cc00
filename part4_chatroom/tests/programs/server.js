const net = require("net");

const room = new Map();
const pack = body => Buffer.concat([Buffer.from(String(body.length).padEnd(10)), body]);

net.createServer(socket => {
  let received = Buffer.alloc(0);
  socket.setNoDelay(true);
  socket.on("error", error => console.log(error.message));
  socket.on("close", () => room.delete(socket));
  socket.on("data", piece => {
    received = Buffer.concat([received, piece]);
    while (received.length >= 10) {
      const header = received.subarray(0, 10).toString("latin1").trim();
      const size = Number(header);
      if (!/^\d+$/.test(header) || size > 65536) return socket.destroy();
      if (received.length < 10 + size) return;
      const body = Buffer.from(received.subarray(10, 10 + size));
      received = received.subarray(10 + size);
      if (!room.has(socket)) {
        if (size === 0 || size > 64) return socket.destroy();
        room.set(socket, body);
        continue;
      }
      for (const other of room.keys()) {
        if (other !== socket) other.write(Buffer.concat([pack(room.get(socket)), pack(body)]));
      }
    }
  });
}).listen(Number(process.argv[2]), "127.0.0.1");
