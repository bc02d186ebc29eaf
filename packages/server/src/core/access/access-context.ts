import type { AccessClient, AccessPort } from "./authorizer.ts";
import type { WorksContext } from "../works/works-context.ts";

/** What traces are told of what a client may not do. */
interface DeniedEvent {
  readonly type: "denied";
  readonly action: string;
  readonly clientId: string;
  readonly userName: string | undefined;
  readonly address: string | undefined;
  /** The topic, or the filter. */
  readonly topic: string;
  /** The client as it was judged. */
  readonly judged: AccessClient | undefined;
}

/** What there is of traces here, which are above. */
interface RefusalTrace {
  readonly isOn: boolean;
  tell(event: DeniedEvent): void;
}

/** As `WorksContext`, with what clients may publish and subscribe to. */
export interface AccessContext extends WorksContext {
  /** Says what clients may do; undefined if nothing is to be asked of any of them. */
  readonly authorizer: AccessPort | undefined;
  /** Grows with each change of the rules of access. */
  readonly accessEpoch: number;
  /** Is told of what clients may not do. */
  readonly tracing: RefusalTrace;
}
