/** The flags by which `pub` and `sub` say where the server is and who they are. Names and letters are those of mosquitto. */
import type { ProtocolVersion, QoS } from "@anax/protocol";
import type { FlagTable } from "../flags/flag.ts";
import { optional, toggle, withDefault } from "../flags/flag.ts";
import { bytes, choice, integer, name, seconds, text, URL_PATH } from "../flags/value-parser.ts";
import type { ValueParser } from "../flags/value-parser.ts";
import type { PropertyAssignment } from "./property-assignment.ts";
import { propertyFlag } from "./property-assignment.ts";

/** Where the server is. */
export interface AddressFlags {
  readonly host: string | undefined;
  readonly port: number | undefined;
  readonly url: string | undefined;
  readonly unix: string | undefined;
  readonly ws: boolean;
  readonly wsPath: string | undefined;
  readonly tls: boolean;
  readonly cafile: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly keyPassphrase: string | undefined;
  readonly insecure: boolean;
  readonly servername: string | undefined;
  readonly tlsAlpn: string | undefined;
}

/** Who the client is, and what it agrees with the server. */
export interface SessionFlags {
  readonly id: string | undefined;
  readonly idPrefix: string | undefined;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly protocolVersion: ProtocolVersion;
  readonly keepalive: number;
  readonly disableCleanSession: boolean;
  readonly sessionExpiry: number | undefined;
  readonly receiveMaximum: number | undefined;
  readonly maxPacketSize: number | undefined;
  readonly connectTimeout: number;
  readonly willTopic: string | undefined;
  readonly willPayload: string | undefined;
  readonly willQos: QoS;
  readonly willRetain: boolean;
  readonly willDelay: number | undefined;
  readonly property: readonly PropertyAssignment[];
  readonly strict: boolean;
  readonly debug: boolean;
  readonly quiet: boolean;
}

/** All of them. */
export type ConnectionFlags = AddressFlags & SessionFlags;

const ADDRESS = { group: "Where the server is" };
const ENCRYPTION = { group: "TLS" };
const SESSION = { group: "Who we are" };
const WILL = { group: "The message that the server publishes if we are gone without a word" };
const OTHER = { group: "Other" };

/** QoS 0, 1 or 2. */
export const QOS: ValueParser<QoS> = choice<QoS>({ "0": 0, "1": 1, "2": 2 });

const PROTOCOL_VERSIONS: Readonly<Record<string, ProtocolVersion>> = {
  mqttv5: 5,
  mqttv50: 5,
  "5": 5,
  mqttv311: 4,
  "311": 4,
  "3.1.1": 4,
  "4": 4,
  mqttv31: 3,
  "31": 3,
  "3.1": 3,
  "3": 3,
};

const PROTOCOL_VERSION: ValueParser<ProtocolVersion> = {
  ...choice(PROTOCOL_VERSIONS),
  placeholder: "version",
};

const FOR_EVER = 0xffff_ffff;

const SESSION_EXPIRY: ValueParser<number> = {
  placeholder: "seconds",
  expected: "a whole number from 0 to 4294967295, or -1 for ever",
  schema: { type: "integer", minimum: -1, maximum: 0xffff_ffff },
  parse: (given) =>
    given === "-1" || given === "∞" ? FOR_EVER : integer(0, FOR_EVER).parse(given),
};

const ADDRESS_FLAGS: FlagTable<AddressFlags> = {
  host: optional(name("host"), {
    ...ADDRESS,
    short: "h",
    help: "name or address of the server (default 127.0.0.1)",
  }),
  port: optional(integer(1, 65_535), {
    ...ADDRESS,
    short: "p",
    help: "its port (default 1883, TLS 8883, WebSocket 8083, both 8084)",
  }),
  url: optional(name("url"), {
    ...ADDRESS,
    short: "L",
    help: "all in one: mqtts://user:password@host:port/topic, wss://host:port/path or unix:///path",
  }),
  unix: optional(name("path"), { ...ADDRESS, help: "the server listens on this unix socket" }),
  ws: toggle({ ...ADDRESS, help: "speak MQTT over WebSocket" }),
  wsPath: optional(URL_PATH, { ...ADDRESS, help: "path of the WebSocket URL (default /mqtt)" }),
  tls: toggle({
    ...ENCRYPTION,
    aliases: ["tls-use-os-certs"],
    help: "use TLS, and trust the authorities that Node trusts; any other flag of TLS implies it",
  }),
  cafile: optional(name("file"), {
    ...ENCRYPTION,
    aliases: ["ca"],
    help: "authorities to trust instead, PEM",
  }),
  cert: optional(name("file"), { ...ENCRYPTION, help: "certificate of this client, PEM" }),
  key: optional(name("file"), { ...ENCRYPTION, help: "its private key, PEM" }),
  keyPassphrase: optional(name("text"), { ...ENCRYPTION, help: "passphrase of the private key" }),
  insecure: toggle({ ...ENCRYPTION, help: "accept any certificate: for tests only" }),
  servername: optional(name("name"), {
    ...ENCRYPTION,
    help: "name that the server's certificate must have (default the host)",
  }),
  tlsAlpn: optional(name("protocol"), { ...ENCRYPTION, help: "application protocol to offer" }),
};

const WILL_FLAGS: FlagTable<
  Pick<SessionFlags, "willTopic" | "willPayload" | "willQos" | "willRetain" | "willDelay">
> = {
  willTopic: optional(name("topic"), { ...WILL, help: "its topic" }),
  willPayload: optional(text("text"), { ...WILL, help: "its payload (default empty)" }),
  willQos: withDefault(QOS, 0, { ...WILL, help: "its QoS" }),
  willRetain: toggle({ ...WILL, help: "the server keeps it as the topic's retained message" }),
  willDelay: optional(integer(0, FOR_EVER, "seconds"), {
    ...WILL,
    help: "how long the server waits for us to come back (MQTT 5.0)",
  }),
};

const SESSION_FLAGS: FlagTable<SessionFlags> = {
  id: optional(text("id"), {
    ...SESSION,
    short: "i",
    aliases: ["client-id"],
    help: "Client Identifier (default a random one)",
  }),
  idPrefix: optional(name("text"), {
    ...SESSION,
    short: "I",
    help: "Client Identifier made of this and the number of the process",
  }),
  username: optional(text("name"), {
    ...SESSION,
    short: "u",
    aliases: ["user"],
    help: "user name",
  }),
  password: optional(text("text"), { ...SESSION, short: "P", aliases: ["pw"], help: "password" }),
  protocolVersion: withDefault(PROTOCOL_VERSION, 5, {
    ...SESSION,
    short: "V",
    defaultText: "mqttv5",
    help: "mqttv5, mqttv311 or mqttv31; 5, 311 and 31, or 5, 4 and 3, mean the same",
  }),
  keepalive: withDefault(integer(0, 65_535, "seconds"), 60, {
    ...SESSION,
    short: "k",
    help: "Keep Alive; 0 is none",
  }),
  disableCleanSession: toggle({
    ...SESSION,
    short: "c",
    aliases: ["persistent"],
    help: "go on with the session that the server has, and leave it there; needs -i",
  }),
  sessionExpiry: optional(SESSION_EXPIRY, {
    ...SESSION,
    short: "x",
    aliases: ["session-expiry-interval"],
    help: "how long the session outlives the connection (MQTT 5.0; default 0, with -c for ever)",
  }),
  receiveMaximum: optional(integer(1, 65_535), {
    ...SESSION,
    help: "QoS 1 and 2 messages that may come unacknowledged (MQTT 5.0)",
  }),
  maxPacketSize: optional(bytes(1, FOR_EVER), {
    ...SESSION,
    help: "largest packet to accept (MQTT 5.0)",
  }),
  connectTimeout: withDefault(seconds(0.001), 30, {
    ...SESSION,
    help: "seconds that the connection may take to come about",
  }),
  ...WILL_FLAGS,
  property: propertyFlag({
    ...OTHER,
    short: "D",
    help: "set an MQTT 5.0 property, as in -D connect user-property key value",
  }),
  strict: toggle({
    ...OTHER,
    help: "close the connection at what no client may be sent, in place of dropping it with a warning",
  }),
  debug: toggle({ ...OTHER, short: "d", help: "show each packet on standard error" }),
  quiet: toggle({ ...OTHER, help: "show no error messages" }),
};

/** The flags, to be spread before and after those of the command itself. */
export const CONNECTION_FLAGS: FlagTable<ConnectionFlags> = { ...ADDRESS_FLAGS, ...SESSION_FLAGS };
