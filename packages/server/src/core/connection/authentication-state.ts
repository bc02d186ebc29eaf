import type { AuthPacket } from "@anax/protocol";

/** Enhanced authentication of one connection: its method, which never changes, and who waits for the next AUTH. */
export interface AuthenticationState {
  readonly method: string;
  answered: ((packet: AuthPacket | undefined) => void) | undefined;
  /** A re-authentication is under way. */
  isRunning: boolean;
}
