/**
 * A program that damages a store's file again and again, each time in another way, and opens what comes of
 * it. It writes a line before each attempt and one after it: where LMDB ends the process, the last line says why.
 */
import { cpSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { emptyTransaction } from "@anax/server/contracts";
import { StoreError } from "@anax/server";
import { lmdbStore, openReadOnly } from "@anax/store-lmdb";
import { damaged } from "./damage.ts";

const [fixture = "", folder = "", first = "", last = ""] = process.argv.slice(2);
const whole = readFileSync(join(fixture, "anax-1.mdb"));
const ignore = (): void => {};
const visitor = { session: ignore, retained: ignore, batch: ignore };

function told(error: unknown): string {
  if (!(error instanceof StoreError)) return `a foreign error: ${String(error)}`;
  const isClear = !error.message.includes("\n") && error.message.includes(folder);
  return isClear ? "refused" : `an unclear refusal: ${error.message}`;
}

async function read(path: string): Promise<string> {
  try {
    const reader = await openReadOnly(path);
    reader.visit(visitor);
    await reader.close();
    return "opened";
  } catch (error) {
    return told(error);
  }
}

/** Commits too: what LMDB believes of its pages shows when it needs new ones. */
async function write(path: string): Promise<string> {
  const store = lmdbStore({ path });
  try {
    await store.open(visitor);
    for (let position = 4_294_967_298; position < 4_294_967_302; position += 1) {
      const batch = { position, bytes: new Uint8Array(9_000) };
      await store.commit({ ...emptyTransaction(), batch });
    }
    return "opened";
  } catch (error) {
    return told(error);
  } finally {
    await store.close();
  }
}

process.stdin.on("end", () => process.exit(1)).resume();
for (let seed = Number(first); seed <= Number(last); seed += 1) {
  const path = join(folder, String(seed));
  cpSync(fixture, path, { recursive: true });
  const { name, bytes } = damaged(whole, seed);
  writeFileSync(join(path, "anax-1.mdb"), bytes);
  process.stdout.write(`seed ${seed}: ${name}\n`);
  const outcomes = [await read(path), await write(path)];
  process.stdout.write(`seed ${seed}: ${outcomes.join(", ")}\n`);
  rmSync(path, { recursive: true });
}
process.exit(0);
