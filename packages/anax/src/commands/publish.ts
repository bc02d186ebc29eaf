/** `anax publish`: publishes through the admin API, without being a client. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { printDone } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { CommandError, EXIT_CODE, UsageError } from "../errors.ts";
import { toggle, withDefault } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { choice } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";

interface PublishFlags extends AdminClientFlags {
  readonly qos: 0 | 1 | 2;
  readonly retain: boolean;
}

const FLAGS: FlagTable<PublishFlags> = {
  qos: withDefault(choice({ 0: 0, 1: 1, 2: 2 } as const), 0, { group: "Message", help: "its QoS" }),
  retain: toggle({ group: "Message", help: "retain it" }),
  ...ADMIN_CLIENT_FLAGS,
};

const REFUSED_FROM = 0x80;

/** `anax publish`. */
export const publish: Command = defineCommand<PublishFlags>({
  name: "publish",
  summary: "publish a message as the server's operator",
  usage: ["anax publish plants/7/water on", "anax publish news 'back at noon' --retain"],
  flags: FLAGS,
  positionalsMax: 2,
  notes: [
    {
      title: "Beside anax pub",
      lines: [
        "It goes through the admin API, needs a token instead of a user and a password, and says who gets",
        "the message. anax pub is an MQTT client, and the one for files and many messages.",
      ],
    },
    ADMIN_CLIENT_NOTE,
  ],
  run: publishMessage,
});

async function publishMessage(
  { qos, retain, json, ...flags }: PublishFlags,
  io: Io,
  [topic, payload = ""]: readonly string[],
): Promise<number> {
  if (topic === undefined) throw new UsageError("say where: anax publish TOPIC PAYLOAD");
  const api = new AdminClient({ ...flags, json }, io);
  const body = { topic, payload, qos, retain };
  const result = await api.call({ method: "POST", path: "/publish", body });
  const { matched, queued, dropped, reasonCode } = result;
  if (typeof reasonCode === "number" && reasonCode >= REFUSED_FROM)
    throw new CommandError(`the message was refused: reason code ${reasonCode}`);
  const lost = dropped === 0 ? "" : `, ${String(dropped)} of them did not get it`;
  const text = `${String(matched)} sessions subscribe to it${lost}`;
  printDone(io.stdout, text, { matched, queued, dropped, reasonCode }, json);
  return EXIT_CODE.success;
}
