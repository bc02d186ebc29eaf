/** Builds the C# program, so that no test has to: `npm run build:mqttnet`. */
import { builtProgram, isDotnetThere, sayIfLeftOut } from "./program.ts";

if (isDotnetThere) process.stdout.write(`${await builtProgram()}\n`);
else sayIfLeftOut();
