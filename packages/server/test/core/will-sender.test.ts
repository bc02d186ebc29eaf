import { ByteReader, ByteWriter } from "@anax/protocol";
import { expect, it } from "vitest";
import { readSender, writeSender } from "../../src/core/journal/will-sender.ts";

const SENDER = {
  groups: ["staff"],
  address: "192.0.2.7",
  listener: "tls:8883",
  claims: { site: "käfer" },
};

/** As stores of format 6 have it. */
const WRITTEN =
  '{"groups":["staff"],"address":"192.0.2.7","listener":"tls:8883","claims":{"site":"käfer"}}';

it("of who a stored Will is, is read as format 6 has it", () => {
  const writer = new ByteWriter();
  writeSender(writer, { clientId: "c", userName: "ann", ...SENDER });
  const bytes = writer.bytes.subarray(0, writer.length);
  expect(new TextDecoder().decode(bytes)).toContain(WRITTEN);
  expect(readSender(new ByteReader(bytes, 0, bytes.length))).toEqual(SENDER);
});
