import { spawn } from "node:child_process";

/** The pid of a process that has ended. */
export async function endedProcess(): Promise<number> {
  const child = spawn(process.execPath, ["--eval", ""], { stdio: "ignore" });
  await new Promise((resolve) => child.once("exit", resolve));
  return child.pid ?? 0;
}
