/** `npm run acl`: compares decisions about random files of rules with those of mosquitto. `--files 10000`, `--seed 1`. */
import { parseArgs } from "node:util";
import { compare } from "./comparing.ts";
import { MosquittoAcl } from "./mosquitto-acl.ts";

/** What is said how far it has come. */
const FILES_AT_A_TIME = 500;

const { values } = parseArgs({
  options: { files: { type: "string", default: "10000" }, seed: { type: "string", default: "1" } },
});
await using mosquitto = await MosquittoAcl.start();
await mosquitto.connect();
const total = { files: 0, decisions: 0, filters: 0, differences: 0 };
const wanted = Number(values.files);
for (let seed = Number(values.seed); total.files < wanted; seed += 1) {
  const result = await compare(mosquitto, seed, Math.min(FILES_AT_A_TIME, wanted - total.files));
  for (const difference of result.differences.slice(0, 10)) console.error(difference);
  total.files += result.files;
  total.decisions += result.decisions;
  total.filters += result.filters;
  total.differences += result.differences.length;
  console.log(
    `${total.files} files, ${total.decisions} decisions about topics, ${total.filters} about filters: ` +
      `${total.differences} differ`,
  );
}
process.exitCode = total.differences === 0 ? 0 : 1;
