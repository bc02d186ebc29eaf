// aedes that keeps sessions and messages in LevelDB: node aedes-level.mjs port directory
import { createServer } from "node:net";
import { Aedes } from "aedes";
import aedesPersistenceLevel from "aedes-persistence-level";
import { ClassicLevel } from "classic-level";

const [port, directory] = process.argv.slice(2);
const persistence = aedesPersistenceLevel(new ClassicLevel(directory));
const aedes = await Aedes.createBroker({ concurrency: 1_000, persistence });
const server = createServer(aedes.handle);
server.listen(Number(port), "127.0.0.1", () => {
  console.log(JSON.stringify({ port: server.address().port }));
});

// Whoever measures may be cut short: nobody is left behind then.
const parent = process.ppid;
setInterval(() => process.ppid !== parent && process.exit(1), 1_000).unref();
