import type { Io } from "../io.ts";
import { tlsReadLine } from "./announcement.ts";
import type { Announcer } from "./announcement.ts";
import { listenerSettings } from "./listener-settings.ts";
import { tlsFiles } from "./listeners.ts";
import type { Listeners } from "./listeners.ts";
import type { ListenFlags } from "./serve-flags.ts";
import { stampsOf, watchFiles } from "./watching-files.ts";

/** Has new connections use files of TLS that have changed; those that cannot be used change nothing. */
export class TlsWatch {
  readonly #listeners: Listeners;
  readonly #announcer: Announcer;
  readonly #io: Io;
  #end: (() => void) | undefined;

  constructor(listeners: Listeners, announcer: Announcer, io: Io) {
    this.#listeners = listeners;
    this.#announcer = announcer;
    this.#io = io;
  }

  /** Looks at the files of these flags, in place of those of before. */
  follow(flags: ListenFlags): void {
    this.end();
    const settings = listenerSettings(flags);
    this.#end = watchFiles(stampsOf(tlsFiles(settings)), () => {
      try {
        this.#listeners.reload(settings);
        this.#announcer.announce(tlsReadLine());
      } catch (error) {
        // A certificate and its key are written one after the other.
        const reason = error instanceof Error ? error.message : String(error);
        this.#io.stderr.write(`anax serve: TLS files stay as they were: ${reason}\n`);
      }
    });
  }

  end(): void {
    this.#end?.();
    this.#end = undefined;
  }
}
