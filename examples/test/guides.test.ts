/** The guides for those who come from elsewhere name only what there is. */
import { readFileSync } from "node:fs";
import { CORE_DEFAULTS, MqttServer, SERVER_DEFAULTS, SERVER_EVENT_NAMES } from "@anax/server";
import { describe, expect, it } from "vitest";

const server = new MqttServer({ listeners: [{ type: "memory" }] });
const parts = {
  sessions: server.sessions,
  clients: server.clients,
  retainedMessages: server.retainedMessages,
};

describe.each(["from-mqttnet", "from-aedes"])("%s", (name) => {
  const text = readFileSync(new URL(`../../docs/guide/${name}.md`, import.meta.url), "utf8");

  it("names members of the server that exist", () => {
    const named = [...text.matchAll(/\bserver\.([a-z]\w*)/g)].map(([, member = ""]) => member);
    expect(named.filter((member) => !(member in server))).toEqual([]);
    for (const [part, object] of Object.entries(parts)) {
      const calls = [...text.matchAll(new RegExp(`\\b${part}\\.(\\w+)\\(`, "g"))];
      const members = calls.map(([, member = ""]) => member);
      expect(members.filter((member) => !(member in object))).toEqual([]);
    }
  });

  it("names options that exist", () => {
    const options = { ...CORE_DEFAULTS, ...SERVER_DEFAULTS };
    const endings = /`([a-z]\w*(?:Ms|Max|Seconds|Maximum|FromClients|PerAddress))`/g;
    const named = [...text.matchAll(endings)].map(([, option = ""]) => option);
    const types = ["server", "client"].map((one) =>
      readFileSync(new URL(`../../packages/${one}/api.md`, import.meta.url), "utf8"),
    );
    // Of stop(), of listeners, of the client, of events, and of the builders.
    const isElsewhere = (name: string): boolean =>
      types.some((page) => new RegExp(`\\b${name}\\b`).test(page));
    expect(named.filter((one) => !(one in options) && !isElsewhere(one))).toEqual([]);
  });

  it("names every event", () => {
    const missing = SERVER_EVENT_NAMES.filter((event) => !text.includes(`\`${event}\``));
    // Those of aedes have no match in each of ours.
    expect(missing.length).toBeLessThan(name === "from-mqttnet" ? 1 : 10);
  });
});
