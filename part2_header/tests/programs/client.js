const net = require("net");

let received = Buffer.alloc(0);
const socket = net.connect({host: "127.0.0.1", port: Number(process.argv[2])});
socket.on("data", piece => {
  received = Buffer.concat([received, piece]);
  while (received.length >= 10) {
    const header = received.subarray(0, 10).toString("latin1").trim();
    const size = Number(header);
    if (!/^\d+$/.test(header) || size > 1048576) throw new RangeError("a length of " + header);
    if (received.length < 10 + size) break;
    console.log(received.subarray(10, 10 + size).toString().replace(/[\x00-\x1f]/g, "?"));
    received = received.subarray(10 + size);
  }
});
socket.on("end", () => {
  if (received.length > 0) throw new Error("cut off");
});
