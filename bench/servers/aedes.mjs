// aedes as it is measured: node aedes.mjs port kind
import { createServer } from "node:net";
import { Aedes } from "aedes";

const [port, kind] = process.argv.slice(2);
const aedes = await Aedes.createBroker({ concurrency: 1_000 });
const server = createServer({ noDelay: kind === "prompt" }, aedes.handle);
server.listen(Number(port), "127.0.0.1", () => console.log("ready"));

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
