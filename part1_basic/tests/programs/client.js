const net = require("net");

const pieces = [];
const socket = net.connect({host: "127.0.0.1", port: Number(process.argv[2])});
socket.on("data", piece => pieces.push(piece));
socket.on("end", () => console.log(Buffer.concat(pieces).toString().replace(/[\x00-\x1f]/g, "?")));
socket.on("error", error => {
  console.log(error.message);
  process.exitCode = 1;
});
