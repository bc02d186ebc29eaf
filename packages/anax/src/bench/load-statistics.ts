import { LatencyHistogram } from "./latency-histogram.ts";

/** What all connections of a load count together. */
export class LoadStatistics {
  sent = 0;
  acknowledged = 0;
  received = 0;
  /** Messages that came a second time. */
  duplicates = 0;
  /** Messages of others, on the same topics. */
  foreign = 0;
  /** Messages that the server refused. */
  refused = 0;
  connectionsLost = 0;
  /** Why the first connection was lost. */
  firstLoss: string | undefined;
  readonly latencies: LatencyHistogram = new LatencyHistogram();

  connectionLost(reason: string): void {
    this.connectionsLost += 1;
    this.firstLoss ??= reason;
  }
}
