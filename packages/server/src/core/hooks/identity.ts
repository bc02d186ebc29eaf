/** What a client may do at most, as the one who authenticated it says. */
export interface Permissions {
  /** It may publish to topics that one of these Topic Filters matches. Absent: this says nothing about publishing. */
  readonly publish?: readonly string[] | undefined;
  /** It may subscribe to what lies within one of these Topic Filters. Absent: this says nothing about subscribing. */
  readonly subscribe?: readonly string[] | undefined;
}

/** Who a client is, as an authenticator found out. */
export interface Identity {
  /** Default: the user name that the client gave. */
  readonly userName?: string | undefined;
  /** Groups that it belongs to. Default: none. */
  readonly groups?: readonly string[] | undefined;
  /** Default: none, so that only the rules of the server say what it may do. */
  readonly permissions?: Permissions | undefined;
  /** The only Client Identifier that it may use. Default: any. */
  readonly clientId?: string | undefined;
  /** Milliseconds from now for which this holds; the connection ends then with 0x87. Default: as long as the connection. */
  readonly expiresInMs?: number | undefined;
  /** What else is known of it, such as the claims of its token. */
  readonly claims?: Readonly<Record<string, unknown>> | undefined;
}
