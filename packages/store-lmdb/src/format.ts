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
  return { format: Number(format), createdBy: text(meta.get(CREATED_BY)) ?? "" };
}

/**
 * Gives back a description whose format we know.
 * @throws StoreError `ANAX_STORE_FORMAT` for a newer format, `ANAX_STORE_UNREADABLE` if there is no description.
 */
export function refuseUnknownFormat(
  path: string,
  description: StoreDescription | undefined,
): StoreDescription {
  if (description === undefined) {
    throw new StoreError("ANAX_STORE_UNREADABLE", `there is no store in ${path}`);
  }
  const { format } = description;
  if (Number.isInteger(format) && format >= 1 && format <= STORE_FORMAT) return description;
  const text = `${path} has format ${format}, and this version of Anax reads up to ${STORE_FORMAT}`;
  throw new StoreError("ANAX_STORE_FORMAT", text);
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString("utf8");
}
