/** What is held, and for how long. */
export interface HoldingWorkload {
  /** All connections, idle and active ones. */
  readonly connections: number;
  /** Connections that publish one message a second; as many others receive them. */
  readonly active: number;
  readonly seconds: number;
}

/** What came out. */
export interface HoldingResult {
  /** Connections that were there at the end. */
  readonly held: number;
  /** Connections that were made; more than are held if some were dropped. */
  readonly made: number;
  readonly sent: number;
  readonly lost: number;
  /** From a message's sending to its receipt. */
  readonly p99Ms: number;
  /** Resident memory of the server per connection; in memory with both ends of it. */
  readonly bytesPerConnection: number;
}
