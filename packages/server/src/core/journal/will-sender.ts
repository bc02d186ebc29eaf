import { decodeUtf8, encodeUtf8 } from "@anax/protocol";
import type { ByteReader, ByteWriter } from "@anax/protocol";
import type { AccessClient } from "../access/authorizer.ts";
import { readBlob, writeBlob } from "./fields.ts";

/** Of who a stored Will is. The session has the Client Identifier and the user name. */
export type WillSender = Omit<AccessClient, "clientId" | "userName">;

/** Written as JSON: claims may have any shape. What JSON has no word for is not in tokens, and is left out. */
export function writeSender(writer: ByteWriter, client: AccessClient): void {
  const { groups, address, listener, claims, permissions } = client;
  const known = { groups, address, listener, permissions };
  writeBlob(writer, encodeUtf8(textOf({ ...known, claims }) ?? JSON.stringify(known)));
}

/** Undefined for claims of a program that JSON cannot say at all: numbers without bound, rings. */
function textOf(sender: WillSender): string | undefined {
  try {
    return JSON.stringify(sender);
  } catch {
    return undefined;
  }
}

export function readSender(reader: ByteReader): WillSender {
  const bytes = readBlob(reader);
  const sender: WillSender = JSON.parse(decodeUtf8(bytes, 0, bytes.length));
  return sender;
}
