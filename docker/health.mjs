// Exit code 0 if the server in this container answers a CONNECT, whatever it answers: it serves. 1 if it does not in five seconds.
import { connect } from "node:net";

const CONNECT = Buffer.from("101200044d5154540402000a0006", "hex");
const port = Number(process.env.ANAX_PORT ?? 1_883);
const socket = connect(port, "127.0.0.1", () =>
  socket.write(Buffer.concat([CONNECT, Buffer.from("health")])),
);
socket.once("data", () => process.exit(0));
socket.once("close", () => process.exit(1));
socket.once("error", () => process.exit(1));
setTimeout(() => process.exit(1), 5_000);
