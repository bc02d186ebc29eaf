import type { CampaignReport } from "./campaign.ts";
import { VIOLATIONS } from "./ledger/violation.ts";
import type { Violation, ViolationType } from "./ledger/violation.ts";

const EXAMPLES_MAX = 5;

/** How many violations there are of each type that occurs. */
export function countByType(
  violations: readonly Violation[],
): ReadonlyMap<ViolationType, readonly Violation[]> {
  const byType = new Map<ViolationType, Violation[]>();
  for (const violation of violations) {
    const same = byType.get(violation.type);
    if (same === undefined) byType.set(violation.type, [violation]);
    else same.push(violation);
  }
  return byType;
}

/** A report to read. */
export function reportText(report: CampaignReport): string {
  const { seed, rounds, endings, messages, violations, seconds } = report;
  const { killedUnderLoad, killedWhileItStarted, killedWhileItRecovered, stopped } = endings;
  const lines = [
    `seed ${seed}, ${rounds} rounds in ${seconds.toFixed(0)} s`,
    `server killed under load ${killedUnderLoad} times, while it started ${killedWhileItStarted} times, while it recovered ${killedWhileItRecovered} times; stopped ${stopped} times`,
    `messages: ${messages.sent} sent, ${messages.acknowledged} acknowledged, ${messages.delivered} deliveries`,
    violations.length === 0 ? "nothing was violated" : `violations: ${violations.length}`,
  ];
  for (const [type, same] of countByType(violations)) {
    lines.push(`${type}: ${same.length} times. ${VIOLATIONS[type]}`);
    for (const { round, text } of same.slice(0, EXAMPLES_MAX))
      lines.push(`  round ${round}: ${text}`);
  }
  for (const line of report.serverErrors.slice(0, EXAMPLES_MAX)) lines.push(`server: ${line}`);
  return lines.join("\n");
}
