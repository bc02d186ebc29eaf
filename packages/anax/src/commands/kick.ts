/** `anax kick`: sends a client away, and may keep it out. */
import {
  ADMIN_CLIENT_FLAGS,
  ADMIN_CLIENT_NOTE,
  AdminClient,
} from "../administering/admin-client.ts";
import type { AdminClientFlags } from "../administering/admin-client.ts";
import { printDone } from "../administering/showing.ts";
import type { Command } from "../command.ts";
import { defineCommand } from "../command.ts";
import { EXIT_CODE, UsageError } from "../errors.ts";
import { optional } from "../flags/flag.ts";
import type { FlagTable } from "../flags/flag.ts";
import { name, seconds } from "../flags/value-parser.ts";
import type { Io } from "../io.ts";

interface DisconnectFlags extends AdminClientFlags {
  readonly ban: number | undefined;
  readonly reason: string | undefined;
}

const FLAGS: FlagTable<DisconnectFlags> = {
  ban: optional(seconds(1), { group: "Flags", help: "do not let it in again for so long" }),
  reason: optional(name("text"), { group: "Flags", help: "what it is told (MQTT 5.0)" }),
  ...ADMIN_CLIENT_FLAGS,
};

/** `anax kick`. */
export const disconnect: Command = defineCommand<DisconnectFlags>({
  name: "kick",
  summary: "disconnect a client of a server",
  usage: ["anax kick sensor-7", "anax kick sensor-7 --ban 3600"],
  flags: FLAGS,
  positionalsMax: 1,
  notes: [
    {
      title: "What it does",
      lines: [
        "The client is told 0x98, Administrative action; its Will is published and its session stays. Most",
        "clients come back at once unless they are kept out: see also anax bans.",
      ],
    },
    ADMIN_CLIENT_NOTE,
  ],
  run: disconnectClient,
});

async function disconnectClient(
  { ban, reason, json, ...flags }: DisconnectFlags,
  io: Io,
  [clientId]: readonly string[],
): Promise<number> {
  if (clientId === undefined) throw new UsageError("say which client: anax kick CLIENT-ID");
  const api = new AdminClient({ ...flags, json }, io);
  const who = JSON.stringify(clientId);
  if (ban !== undefined) {
    const body = { kind: "clientId", value: clientId, durationSeconds: ban, reason };
    const result = await api.call({ method: "POST", path: "/bans", body });
    printDone(io.stdout, `${who} is kept out for ${ban} s`, result, json);
    return EXIT_CODE.success;
  }
  const path = `/clients/${encodeURIComponent(clientId)}/disconnect`;
  const body = { reasonString: reason };
  await api.call({ method: "POST", path, body }, `${who} is not connected`);
  printDone(io.stdout, `disconnected ${who}`, { clientId, disconnected: true }, json);
  return EXIT_CODE.success;
}
