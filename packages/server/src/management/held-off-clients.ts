import { networkOf } from "../core/network-of.ts";
import type { HoldOff } from "../core/rates/hold-off.ts";
import type { ServerCore } from "../core/server-core.ts";

/** A client that is held off for a while, since it came too often. */
export interface HeldOffClient {
  /** It came with wrong passwords, or connected again and again. */
  readonly reason: "failedLogins" | "flapping";
  /** Of `failedLogins`: the user name that it came with; "" if with none. */
  readonly userName?: string;
  /** Of `flapping`. */
  readonly clientId?: string;
  /** Where it came from: an address, or of IPv6 its first 64 bits. */
  readonly network: string;
  /** Milliseconds since 1970. */
  readonly untilMs: number;
}

/** Which clients to let come again: all that fit what is given. */
export interface HeldOffSubject {
  readonly userName?: string;
  readonly clientId?: string;
  /** Of IPv6, any address of the network. */
  readonly address?: string;
}

/** Those that are held off now. */
export function* heldOff(core: ServerCore): Generator<HeldOffClient, void, undefined> {
  for (const { reason, holdOff, nameAs } of tablesOf(core))
    for (const { network, name, untilMs } of holdOff.held(core.now))
      yield { reason, [nameAs]: name, network, untilMs: core.toWallMs(untilMs) };
}

/** Lets them come again at once, with nothing to be forgiven; gives how many there were. */
export function letGo(core: ServerCore, { userName, clientId, address }: HeldOffSubject): number {
  const given = { userName, clientId };
  const from = address === undefined || address.includes("/") ? address : networkOf(address);
  let count = 0;
  for (const { holdOff, nameAs } of tablesOf(core)) {
    const wanted = given[nameAs];
    if (wanted === undefined && (userName ?? clientId) !== undefined) continue;
    for (const { network, name } of Array.from(holdOff.held(core.now))) {
      if ((wanted ?? name) !== name || (from ?? network) !== network) continue;
      holdOff.forgive(network, name);
      count += 1;
    }
  }
  return count;
}

interface Table {
  readonly reason: HeldOffClient["reason"];
  readonly nameAs: "userName" | "clientId";
  readonly holdOff: HoldOff;
}

function tablesOf({ holdOffs: { logins, flapping } }: ServerCore): Table[] {
  return [
    ...(logins === undefined
      ? []
      : [{ reason: "failedLogins", nameAs: "userName", holdOff: logins } as const]),
    ...(flapping === undefined
      ? []
      : [{ reason: "flapping", nameAs: "clientId", holdOff: flapping } as const]),
  ];
}
