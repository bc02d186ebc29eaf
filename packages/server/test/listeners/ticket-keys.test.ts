import { describe, expect, it } from "vitest";
import { TicketKeys } from "../../src/listeners/ticket-keys.ts";

const SECRET = Buffer.alloc(48, 7);
const DAY_MS = 86_400_000;

function keysAt(
  nowMs: number,
  ticketKeys: Uint8Array | undefined = SECRET,
  crl = "nobody",
): string {
  const keys = new TicketKeys({ ...(ticketKeys && { ticketKeys }) }, () => nowMs);
  keys.trust({ ca: "authority", crl });
  return keys.now.toString("hex");
}

describe("keys of tickets", () => {
  it("are 48 bytes, the same at all servers with the same secret, and others for another secret", () => {
    expect(keysAt(0)).toHaveLength(96);
    expect(keysAt(0)).toBe(keysAt(DAY_MS - 1));
    expect(keysAt(0, Buffer.alloc(48, 8))).not.toBe(keysAt(0));
    expect(keysAt(0)).not.toContain(SECRET.toString("hex"));
  });

  it("are random at each start by default", () => {
    const [one, other] = [new TicketKeys({}, () => 0), new TicketKeys({}, () => 0)];
    expect(one.now.equals(other.now)).toBe(false);
    expect(one.now.equals(one.now)).toBe(true);
  });

  it("are others once the time is over, whenever the server was started", () => {
    let nowMs = 5 * 60_000;
    const keys = new TicketKeys({ ticketKeys: SECRET, ticketRotationSeconds: 600 }, () => nowMs);
    const { now } = keys;
    nowMs = 10 * 60_000 - 1;
    expect(keys.areOld).toBe(false);
    nowMs += 1;
    expect(keys.areOld).toBe(true);
    expect(keys.now.equals(now)).toBe(false);
    expect(keys.areOld).toBe(false);
    expect(keysAt(DAY_MS)).not.toBe(keysAt(0));
  });

  it("are others when somebody was revoked, also after a restart, and not when only the server's certificate is new", () => {
    expect(keysAt(0, SECRET, "lamp")).not.toBe(keysAt(0));
    const keys = new TicketKeys({ ticketKeys: SECRET }, () => 0);
    keys.trust({ ca: ["authority", Buffer.from("second")], cert: "old", key: "old" });
    const { now } = keys;
    keys.trust({ ca: ["authority", Buffer.from("second")], cert: "new", key: "new" });
    expect(keys.now.equals(now)).toBe(true);
    keys.trust({ ca: ["authority", Buffer.from("other")] });
    expect(keys.now.equals(now)).toBe(false);
  });

  it.each([
    [Buffer.alloc(16), "ticketKeys has 16 bytes; it must have 48"],
    ["secret", "ticketKeys is no array of bytes; it must have 48"],
  ])("of another length are refused", (ticketKeys, message) => {
    expect(() => new TicketKeys({ ticketKeys: ticketKeys as Uint8Array })).toThrow(message);
  });
});
