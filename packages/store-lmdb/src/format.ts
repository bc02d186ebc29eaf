import { StoreError } from "@anax/server";
import type { Environment } from "./environment.ts";
import { STORE_FORMAT } from "./store-description.ts";
import type { StoreDescription } from "./store-description.ts";

const FORMAT = Buffer.from("format");
const CREATED_BY = Buffer.from("createdBy");

/** Writes what the store is into one that was just made. */
export async function writeDescription(environment: Environment): Promise<void> {
  const { meta } = environment;
  await environment.write(() => {
    void meta.put(FORMAT, Buffer.from(String(STORE_FORMAT)));
    void meta.put(CREATED_BY, Buffer.from("@anax/store-lmdb"));
  });
}

/** What the store says about itself; undefined if it says nothing. */
export function readDescription({ meta }: Environment): StoreDescription | undefined {
  const format = text(meta.get(FORMAT));
  if (format === undefined) return undefined;
  return { format: numberOf(format), createdBy: text(meta.get(CREATED_BY)) ?? "" };
}

/**
 * Gives back a description whose format we know.
 * @throws StoreError `ANAX_STORE_FORMAT` for a newer format or none, `ANAX_STORE_UNREADABLE` if there is no description.
 */
export function refuseUnknownFormat(
  path: string,
  description: StoreDescription | undefined,
): StoreDescription {
  if (description === undefined) {
    throw new StoreError("ANAX_STORE_UNREADABLE", `there is no store in ${path}`);
  }
  const { format } = description;
  if (format >= 1 && format <= STORE_FORMAT) return description;
  const given = format < 1 ? "a format that is no number from 1" : `format ${format}`;
  const text = `${path} has ${given}, and this version of Anax reads up to ${STORE_FORMAT}`;
  throw new StoreError("ANAX_STORE_FORMAT", text);
}

/** 0 if it is none. */
function numberOf(format: string): number {
  return /^[1-9]\d{0,8}$/.test(format) ? Number(format) : 0;
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
}
