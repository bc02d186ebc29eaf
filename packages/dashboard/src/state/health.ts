/** The health of the server in words. */
import type { Figures } from "./live.ts";
import { lastMinute } from "./rates.ts";
import { count, say, sayOfServer } from "../words/words.ts";
import type { Word } from "../words/words.ts";

export interface Finding {
  readonly level: "good" | "warning" | "bad";
  readonly text: string;
}

/** Above it, all that the process does is late. */
const LOOP_DELAY_MS = 250;

const COUNTED: readonly (readonly [Word, readonly string[]])[] = [
  ["healthDropped", ["messagesDropped"]],
  ["healthRefused", ["connectionsRefused", "transportsRefused", "handshakesFailed"]],
  ["healthDenied", ["publishesDenied", "subscriptionsDenied"]],
  ["healthErrors", ["protocolErrors"]],
  ["healthStalled", ["windowsStalled"]],
  ["healthHandlers", ["handlerFailures", "handlerTimeouts"]],
];

/** What there is to say, the worst first. */
export function healthOf(figures: readonly Figures[]): readonly Finding[] {
  const now = figures.at(-1);
  if (now === undefined) return [];
  const findings: Finding[] = [];
  if (!now.isHealthy)
    findings.push({ level: "bad", text: say("healthStore", { store: sayOfServer(now.store) }) });
  if (!now.acceptNewConnections) findings.push({ level: "bad", text: say("healthClosed") });
  const late = Math.max(...figures.slice(-10).map(({ loopDelay }) => loopDelay.maxMs));
  if (late > LOOP_DELAY_MS)
    findings.push({ level: "warning", text: say("healthLoop", { ms: count(late) }) });
  for (const [word, names] of COUNTED) {
    const grown = lastMinute(figures, names);
    if (grown > 0) findings.push({ level: "warning", text: say(word, { count: count(grown) }) });
  }
  return findings.length > 0 ? findings : [{ level: "good", text: say("healthGood") }];
}
