/** Changes that a commit makes beside its batch. */
export interface TableChanges {
  readonly sessions: Map<number, Uint8Array | undefined>;
  readonly retained: Map<string, Uint8Array | undefined>;
  readonly deletedBatches: number[];
}
