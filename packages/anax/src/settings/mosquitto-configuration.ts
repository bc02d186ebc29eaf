/** Translates `mosquitto.conf` to settings of `anax serve`, and says what has no counterpart. */

/** A setting of `anax serve`. */
type Value = string | number | boolean | readonly Value[] | { readonly [key: string]: Value };

/** What became of a file. */
export interface Translation {
  readonly settings: Readonly<Record<string, Value>>;
  /** Lines that have no counterpart, or only nearly one, with what to do instead. */
  readonly remarks: readonly { readonly line: number; readonly text: string }[];
}

interface Directive {
  readonly name: string;
  readonly value: string;
  readonly line: number;
}

/** A directive that is one setting, or a reason why it is none. */
type Rule =
  | { readonly key: string; readonly read: (value: string) => Value | undefined }
  | { readonly instead: string };

const number = (value: string): number | undefined =>
  /^\d+$/.test(value) ? Number(value) : undefined;
const text = (value: string): string => value;
const trueOnly = (value: string): true | undefined => (value === "true" ? true : undefined);
const falseOnly = (value: string): true | undefined => (value === "false" ? true : undefined);

/** mosquitto: 0 is no limit. */
const limit = (value: string): number | undefined => (value === "0" ? undefined : number(value));

const UNIT_SECONDS: Readonly<Record<string, number>> = {
  h: 3_600,
  d: 86_400,
  w: 604_800,
  m: 2_592_000,
  y: 31_536_000,
};

function duration(value: string): number | undefined {
  const [, count, unit = ""] = /^(\d+)([hdwmy])$/.exec(value) ?? [];
  const seconds = Number(count) * (UNIT_SECONDS[unit] ?? NaN);
  return Number.isNaN(seconds) ? undefined : seconds;
}

const NOT_NEEDED = { instead: "not needed" };
const NO_BRIDGES = { instead: "there are no bridges; two clients of @anax/client can be one" };
const NO_PLUGINS = {
  instead: "there are no plug-ins; write a program with handlers, docs/reference/events.md",
};

/** Directives of the whole server. */
const RULES: Readonly<Record<string, Rule>> = {
  allow_anonymous: { key: "allow-anonymous", read: trueOnly },
  max_inflight_messages: { key: "max-inflight", read: limit },
  max_inflight_bytes: { key: "max-inflight-bytes", read: limit },
  max_queued_messages: { key: "max-queued", read: limit },
  max_queued_bytes: { key: "max-queued-bytes", read: limit },
  max_packet_size: { key: "max-packet-size", read: limit },
  max_keepalive: { key: "max-keep-alive", read: limit },
  max_qos: { key: "max-qos", read: number },
  max_topic_alias: { key: "max-topic-aliases", read: number },
  max_topic_alias_broker: { key: "outgoing-topic-aliases", read: number },
  global_max_connections: { key: "max-connections", read: limit },
  persistent_client_expiration: { key: "max-session-expiry", read: duration },
  queue_qos0_messages: { key: "queue-qos0", read: trueOnly },
  retain_available: { key: "no-retain", read: falseOnly },
  persistence_location: { key: "data-dir", read: text },
  sys_interval: { key: "sys-interval", read: limit },
  message_size_limit: { instead: "use max-packet-size, which counts the whole packet" },
  memory_limit: { instead: "the limits of queues, in flight and retained bytes do this" },
  password_file: { key: "password-file", read: text },
  acl_file: { key: "acl-file", read: text },
  psk_file: { instead: "TLS with pre-shared keys is not offered" },
  plugin: NO_PLUGINS,
  auth_plugin: NO_PLUGINS,
  global_plugin: NO_PLUGINS,
  connection: NO_BRIDGES,
  autosave_interval: NOT_NEEDED,
  autosave_on_changes: NOT_NEEDED,
  persistence_file: NOT_NEEDED,
  pid_file: { instead: "not written; the line ready says the process" },
  user: { instead: "start it as the user that it is to run as" },
  per_listener_settings: { instead: "users are the same for all listeners" },
  set_tcp_nodelay: { instead: "always on" },
  connection_messages: { instead: "log-level info has them" },
  log_timestamp: { instead: "always on" },
  log_timestamp_format: { instead: "times are in ISO 8601" },
  upgrade_outgoing_qos: { instead: "a message is sent with the lower of both QoS" },
  clientid_prefixes: {
    instead: "see client-id-pattern, by which identifiers begin with the user name",
  },
  include_dir: { instead: "write everything into one file" },
};

/** Directives of a listener, by the key of `listeners`. */
const LISTENER_RULES: Readonly<Record<string, Rule>> = {
  cafile: { key: "ca", read: text },
  certfile: { key: "cert", read: text },
  keyfile: { key: "key", read: text },
  require_certificate: { key: "request-cert", read: trueOnly },
  max_connections: {
    key: "max-connections",
    read: (value) => (value === "-1" ? undefined : number(value)),
  },
  websockets_origin: { key: "origin", read: text },
  capath: { instead: "put the certificates into one file, ca" },
  crlfile: { key: "crl", read: text },
  tls_version: { instead: "TLS 1.2 and 1.3 are spoken" },
  ciphers: { instead: "an option of the library: ciphers of the listener" },
  ciphers_tls1: { instead: "an option of the library: ciphers of the listener" },
  "ciphers_tls1.3": { instead: "an option of the library: ciphers of the listener" },
  dhparamfile: { instead: "an option of the library: dhparam of the listener" },
  mount_point: {
    instead:
      "topics are the same for all listeners; a handler of interceptingPublish can change them",
  },
  http_dir: { instead: "files are not served" },
  psk_hint: { instead: "TLS with pre-shared keys is not offered" },
  socket_domain: { instead: "say the address: host 0.0.0.0 or ::" },
  bind_interface: { instead: "say the address of the interface: host" },
  allow_zero_length_clientid: { instead: "use no-assigned-client-ids for false" },
  auto_id_prefix: NOT_NEEDED,
};

/** Translates the text of a file. */
export function fromMosquitto(source: string): Translation {
  const translator = new Translator();
  for (const directive of directives(source)) translator.take(directive);
  return translator.end();
}

function directives(source: string): readonly Directive[] {
  const lines = source
    .split(/\r?\n/)
    .map((line, index) => ({ text: line.trim(), line: index + 1 }));
  return lines.flatMap(({ text: whole, line }) => {
    if (whole === "" || whole.startsWith("#")) return [];
    const [, name = "", value = ""] = /^(\S+)\s*(.*)$/.exec(whole) ?? [];
    return [{ name, value, line }];
  });
}

class Translator {
  readonly #settings: Record<string, Value> = {};
  readonly #remarks: { line: number; text: string }[] = [];
  readonly #listeners: Record<string, Value>[] = [];
  /** What stands before any `listener` is of the default one, which is there only if it has something. */
  readonly #first: Record<string, Value> = {};
  #logTypes: string[] = [];
  #isInBridge = false;
  /** Of the first listener; 0 where there is none. */
  #listenerLine = 0;
  #isOpen = false;

  take({ name, value, line }: Directive): void {
    if (name === "connection") this.#isInBridge = true;
    if (name === "listener" && this.#listenerLine === 0) this.#listenerLine = line;
    if (name === "allow_anonymous") this.#isOpen = value === "true";
    const special = this.#specials[name];
    const rule = RULES[name] ?? LISTENER_RULES[name];
    if (special !== undefined) special(value, line);
    // Directives of the server and its listeners go on behind those of a bridge.
    else if (rule === undefined)
      this.#remark(line, name, this.#isInBridge ? NO_BRIDGES.instead : "is unknown");
    else if ("instead" in rule) this.#remark(line, name, rule.instead);
    else {
      const read = rule.read(value);
      const target = name in RULES ? this.#settings : (this.#listeners.at(-1) ?? this.#first);
      if (read !== undefined) target[rule.key] = read;
    }
  }

  end(): Translation {
    if (this.#listeners.length === 0 || Object.keys(this.#first).length > 0) {
      this.#listeners.unshift(this.#first);
    }
    for (const listener of this.#listeners) typed(listener);
    this.#leaveOutUseless();
    this.#warnOfStrangers();
    const level = levelOf(this.#logTypes);
    return {
      settings: {
        listeners: this.#listeners,
        ...(level !== undefined && { "log-level": level }),
        ...this.#settings,
      },
      remarks: this.#remarks,
    };
  }

  /** What `anax serve` refuses beside the other settings, as it would do nothing. */
  #leaveOutUseless(): void {
    const settings = this.#settings;
    const hasUsers = "password-file" in settings || "authenticators" in settings;
    if (!hasUsers) delete settings["allow-anonymous"];
    if (settings["durability"] === "memory") delete settings["data-dir"];
  }

  /** mosquitto lets nobody in without a name who is not allowed; without any user, `anax serve` lets in everybody. */
  #warnOfStrangers(): void {
    const hasUsers = "password-file" in this.#settings || "authenticators" in this.#settings;
    if (hasUsers || this.#isOpen || this.#listenerLine === 0) return;
    this.#remark(
      this.#listenerLine,
      "listener",
      "nobody can connect here, for want of users; without a password-file everybody can connect to anax",
    );
  }

  readonly #specials: Readonly<Record<string, (value: string, line: number) => void>> = {
    listener: (value, line) => this.#listener(value, line),
    port: (value) => void (this.#first["port"] = Number(value)),
    bind_address: (value) => void (this.#first["host"] = value),
    protocol: (value, line) => {
      if (value === "websockets") (this.#listeners.at(-1) ?? this.#first)["type"] = "ws";
      else if (value !== "mqtt") this.#remark(line, `protocol ${value}`, "is not offered");
    },
    persistence: (value) => {
      if (value !== "true") this.#settings["durability"] = "memory";
    },
    use_identity_as_username: (value) => this.#certificate(value, "common-name"),
    use_subject_as_username: (value) => this.#certificate(value, "subject"),
    use_username_as_clientid: (value) => {
      // mosquitto puts the user name in the place of the identifier; here the client has to have it.
      if (value === "true") this.#settings["client-id-pattern"] = "%u";
    },
    log_type: (value) => void this.#logTypes.push(value),
    log_dest: (value, line) => {
      const [, path] = /^file\s+(.+)$/.exec(value) ?? [];
      if (path !== undefined) this.#settings["log-file"] = path;
      else if (value !== "stderr")
        this.#remark(line, `log_dest ${value}`, "log records go to standard error or log-file");
    },
  };

  #listener(value: string, line: number): void {
    const [port = "", host] = value.split(/\s+/);
    if (port === "0" && host !== undefined) {
      this.#listeners.push({ type: "unix", path: host });
      return;
    }
    if (!/^\d+$/.test(port)) return this.#remark(line, `listener ${value}`, "has no port");
    // mosquitto listens to the whole network where nothing is said.
    this.#listeners.push({ host: host ?? "0.0.0.0", port: Number(port) });
  }

  /** Clients without a certificate, those of other listeners, are left to the users of the file. */
  #certificate(value: string, userName: string): void {
    if (value !== "true") return;
    this.#settings["authenticators"] = [{ type: "certificate", "user-name": userName }];
  }

  #remark(line: number, name: string, reason: string): void {
    this.#remarks.push({ line, text: `${name}: ${reason}` });
  }
}

/** A listener with a certificate speaks TLS. */
function typed(listener: Record<string, Value>): void {
  const isEncrypted = listener["cert"] !== undefined;
  if (listener["type"] === "ws") listener["type"] = isEncrypted ? "wss" : "ws";
  else listener["type"] ??= isEncrypted ? "tls" : "tcp";
}

function levelOf(types: readonly string[]): string | undefined {
  if (types.length === 0) return undefined;
  if (types.includes("all") || types.includes("debug")) return "debug";
  if (types.includes("information") || types.includes("notice")) return "info";
  return types.includes("warning") ? "warn" : "error";
}
