/** The programs of MQTTnet's tutorials, in C# (`../program`) and here. */
export const TUTORIALS = [
  "five events",
  "publisher",
  "subscriber",
  "user and password",
  "server push",
  "status list",
  "persistent session",
  "retained",
  "cloud client",
] as const;

export type Tutorial = (typeof TUTORIALS)[number];

/** A server of a tutorial that runs. */
export interface TutorialServer {
  readonly port: number;
  /** What it has said so far. */
  readonly lines: readonly string[];
  /** Has it say what its lists of clients and sessions say. */
  sayStatuses(): Promise<void>;
  stop(): Promise<void>;
}

/** A client of a tutorial that runs. */
export interface TutorialClient {
  readonly lines: readonly string[];
  /** When it has come to its end. */
  readonly done: Promise<void>;
  /** It goes on, after it said "ready". */
  readonly goOn: () => void;
}
