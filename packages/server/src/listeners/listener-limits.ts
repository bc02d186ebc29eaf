/** What listeners of every type may have. */
export interface ListenerLimits {
  /** Connections of this listener at a time, those in a handshake included. Default: no limit but that of the server. */
  readonly connectionsMax?: number;
}
