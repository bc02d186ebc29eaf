/** What is fuzzed: each reader of bytes that strangers, or a slip of the hand, can spoil. */
import { createHmac } from "node:crypto";
import { JwtAuthenticator } from "@anax/access";
import {
  decodePacket,
  encodePacket,
  Framer,
  MalformedPacketError,
  MqttConfigurationError,
  ProtocolError,
} from "@anax/protocol";
import type { Packet, ProtocolVersion } from "@anax/protocol";
import { checkAccessRules, parsePasswordFile, passwordFileLine } from "@anax/server";
import type { Credentials } from "@anax/server";
import { readProxyHeader } from "../packages/server/src/listeners/proxy-header.ts";
import { accessRulesOf } from "../packages/anax/src/access/access-file.ts";
import { aclRulesOf } from "../packages/anax/src/access/acl-file.ts";
import { UsageError } from "../packages/anax/src/errors.ts";
import type { Below } from "./mutation.ts";
import { tryUpgrade } from "./upgrade.ts";

export interface Target {
  readonly name: string;
  readonly seeds: readonly Uint8Array[];
  /** Throws, or rejects, for whatever is not as it must be. */
  readonly run: (input: Uint8Array, below: Below) => void | Promise<void>;
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const texts = new TextDecoder();

/** Whatever else it throws is a fault. */
function throwsOnly(kinds: readonly (new (...given: never[]) => Error)[], work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!kinds.some((kind) => error instanceof kind)) throw error;
  }
}

const utf8 = bytes("text");
const PACKETS: readonly Packet[] = [
  {
    type: "connect",
    protocolVersion: 5,
    clientId: "client",
    cleanStart: true,
    keepAliveSeconds: 60,
    userName: "ann",
    password: utf8,
    properties: {
      sessionExpiryIntervalSeconds: 60,
      receiveMaximum: 9,
      userProperties: [["a", "b"]],
    },
    will: {
      topic: "will/t",
      payload: utf8,
      qos: 1,
      retain: true,
      properties: { willDelayIntervalSeconds: 5 },
    },
  },
  { type: "connack", sessionPresent: false, reasonCode: 0, properties: { topicAliasMaximum: 10 } },
  {
    type: "publish",
    duplicate: false,
    topic: "a/b/c",
    payload: utf8,
    qos: 1,
    retain: false,

    packetIdentifier: 7,
    properties: {
      topicAlias: 3,
      contentType: "t",
      correlationData: utf8,
      messageExpiryIntervalSeconds: 9,
    },
  },
  {
    type: "publish",
    duplicate: false,
    topic: "a",
    payload: utf8,
    qos: 0,
    retain: true,
    properties: {},
  },
  { type: "puback", packetIdentifier: 7, reasonCode: 16, properties: { reasonString: "why" } },
  { type: "pubrel", packetIdentifier: 7, reasonCode: 0, properties: {} },
  {
    type: "subscribe",
    packetIdentifier: 8,
    properties: { subscriptionIdentifier: 300 },
    subscriptions: [
      {
        topicFilter: "$share/g/a/+/#",
        qos: 2,
        noLocal: false,
        retainAsPublished: true,
        retainHandling: 1,
      },
    ],
  },
  { type: "suback", packetIdentifier: 8, reasonCodes: [0, 0x87], properties: {} },
  { type: "unsubscribe", packetIdentifier: 9, topicFilters: ["a/#", "b"], properties: {} },
  { type: "pingreq" },
  { type: "disconnect", reasonCode: 4, properties: { sessionExpiryIntervalSeconds: 1 } },
  {
    type: "auth",
    reasonCode: 0x18,
    properties: { authenticationMethod: "SCRAM-SHA-256", authenticationData: utf8 },
  },
];
const VERSIONS: readonly ProtocolVersion[] = [3, 4, 5];
const WIRE = PACKETS.map((packet) => encodePacket(packet, 5));
const STREAMS = [...WIRE, Uint8Array.from(WIRE.flatMap((one) => [...one]))];

const PACKET_BYTES_MAX = 65_536;

/** Where packets are in what was pushed in these chunks, and what ended it. */
function framed(chunks: readonly Uint8Array[]): string {
  const framer = new Framer(PACKET_BYTES_MAX);
  const found: string[] = [];
  try {
    for (const chunk of chunks) {
      framer.push(chunk);
      while (framer.next()) found.push(`${framer.firstByte}:${framer.end - framer.bodyStart}`);
      framer.release();
    }
  } catch (error) {
    if (!(error instanceof MalformedPacketError) && !(error instanceof ProtocolError)) throw error;
    found.push(`${error.name} ${error.reasonCode}`);
  }
  return found.join(" ");
}

function tryPacket(input: Uint8Array, version: ProtocolVersion): void {
  const framer = new Framer(PACKET_BYTES_MAX);
  throwsOnly([MalformedPacketError, ProtocolError], () => {
    framer.push(input);
    while (framer.next())
      decodePacket(framer.firstByte, framer.bytes, framer.bodyStart, framer.end, version);
  });
}

const RULES = [
  "rules:\n  - allow: publish\n    topics: devices/%c/#\n  - allow: subscribe\n    topics: [commands/%c/#, '{t}/+']\n",
  'groups:\n  acme: [a, b]\nsubscriptions: narrow\nrules:\n  - { deny: both, group: acme, topics: "a/+/b", address: [10.0.0.0/8, "::1"], max-qos: 1, retain: false }\n',
  "rules: &a\n- allow: both # c\n  user: !!str 1\n  topics: >-\n    a/b\n- *a\n",
].map(bytes);
const JSON_RULES = [
  bytes('{"groups":{"g":["a"]},"rules":[{"allow":"both","user":"ann","topics":["a/#"]}]}'),
];
const ACL = [
  bytes(
    "topic read a/#\nuser ann\ntopic deny b/+\ntopic readwrite c\npattern write d/%c/%u\n# x\n",
  ),
];

function tryRules(read: typeof accessRulesOf, path: string, input: Uint8Array): void {
  throwsOnly([UsageError, MqttConfigurationError], () =>
    checkAccessRules(read({ path, text: texts.decode(input) })),
  );
}

const MOSQUITTO = `bob:$7$101$${"A".repeat(16)}$${"A".repeat(86)}==`;

const SECRET = "0123456789abcdef0123456789abcdef";
const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString("base64url");
function token(claims: object, header: object = { alg: "HS256", typ: "JWT" }): string {
  const signed = `${part(header)}.${part(claims)}`;
  return `${signed}.${createHmac("sha256", SECRET).update(signed).digest("base64url")}`;
}
const GOOD = token({ sub: "ann", exp: 4_102_444_800, groups: ["a"], iss: "i" });
const BAD = [
  token({ sub: "ann", exp: 4_102_444_800 }, { alg: "none" }),
  token({ sub: "ann", exp: 1 }),
  token({ sub: 1, exp: "x", groups: { a: 1 } }),
  `${GOOD.slice(0, GOOD.lastIndexOf("."))}.`,
];
const authenticator = new JwtAuthenticator({ secret: SECRET });

function credentials(password: Uint8Array): Credentials {
  const peer = { transport: "tcp", remoteAddress: "127.0.0.1", secure: false } as const;
  return { clientId: "c", userName: "u", password, peer };
}

async function tryToken(input: Uint8Array): Promise<void> {
  const answer = await authenticator.authenticate(credentials(input));
  if (answer === undefined || answer === false) return;
  // The last character of a signature has bits that say nothing; what is signed is whole.
  const signed = GOOD.slice(0, GOOD.lastIndexOf(".") + 1);
  if (!texts.decode(input).startsWith(signed))
    throw new Error("a token was taken that is not signed");
}

const V2 = [0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a];
const PROXY = [
  bytes("PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n"),
  bytes("PROXY TCP6 2001:db8::1 ::1 1 65535\r\n"),
  bytes("PROXY UNKNOWN\r\n"),
  Uint8Array.from([...V2, 0x21, 0x11, 0, 12, 192, 0, 2, 1, 192, 0, 2, 2, 1, 2, 3, 4]),
  Uint8Array.from([...V2, 0x20, 0x00, 0, 0]),
  Uint8Array.from([
    ...V2,
    0x21,
    0x11,
    0,
    30,
    192,
    0,
    2,
    1,
    192,
    0,
    2,
    2,
    1,
    2,
    3,
    4,
    0x20,
    0,
    15,
    7,
    0,
    0,
    0,
    0,
    0x22,
    0,
    1,
    0x61,
    0x21,
    0,
    3,
    0x31,
    0x2e,
    0x32,
  ]),
];

const UPGRADE = [
  "GET /mqtt HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: mqtt\r\nOrigin: http://127.0.0.1\r\n\r\n",
].map(bytes);

export async function targets(): Promise<readonly Target[]> {
  const passwords = [
    bytes(`# x\n${await passwordFileLine("ann", "p", { scram: true })}\n${MOSQUITTO}\n`),
  ];
  return [
    {
      name: "framer",
      seeds: STREAMS,
      run(input, below) {
        const [one, other] = [below(input.length + 1), below(input.length + 1)].sort(
          (a, b) => a - b,
        );
        const chunks = [input.subarray(0, one), input.subarray(one, other), input.subarray(other)];
        if (framed([input]) !== framed(chunks))
          throw new Error("it depends on where the bytes are cut");
      },
    },
    {
      name: "packets",
      seeds: STREAMS,
      run: (input, below) => tryPacket(input, VERSIONS[below(3)] ?? 5),
    },
    { name: "rules", seeds: RULES, run: (input) => tryRules(accessRulesOf, "a.yaml", input) },
    {
      name: "rules-json",
      seeds: JSON_RULES,
      run: (input) => tryRules(accessRulesOf, "a.json", input),
    },
    { name: "acl-file", seeds: ACL, run: (input) => tryRules(aclRulesOf, "acl", input) },
    {
      name: "password-file",
      seeds: passwords,
      run: (input) =>
        throwsOnly([MqttConfigurationError], () => void parsePasswordFile(texts.decode(input))),
    },
    { name: "jwt", seeds: [GOOD, ...BAD].map(bytes), run: tryToken },
    {
      name: "proxy-header",
      seeds: PROXY,
      // It says in an error of no kind of its own what is wrong; of another kind are slips of the code.
      run: (input) => {
        try {
          readProxyHeader(input);
        } catch (error) {
          if (Object.getPrototypeOf(error) !== Error.prototype) throw error;
        }
      },
    },
    { name: "upgrade", seeds: UPGRADE, run: tryUpgrade },
  ];
}
