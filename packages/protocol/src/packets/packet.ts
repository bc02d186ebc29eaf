import type { AuthPacket } from "./auth.ts";
import type { ConnackPacket } from "./connack.ts";
import type { ConnectPacket } from "./connect.ts";
import type { DisconnectPacket } from "./disconnect.ts";
import type { PingreqPacket } from "./pingreq.ts";
import type { PingrespPacket } from "./pingresp.ts";
import type { PubackPacket } from "./puback.ts";
import type { PubcompPacket } from "./pubcomp.ts";
import type { PublishPacket } from "./publish.ts";
import type { PubrecPacket } from "./pubrec.ts";
import type { PubrelPacket } from "./pubrel.ts";
import type { SubackPacket } from "./suback.ts";
import type { SubscribePacket } from "./subscribe.ts";
import type { UnsubackPacket } from "./unsuback.ts";
import type { UnsubscribePacket } from "./unsubscribe.ts";

/** Packets that go both ways. */
type SharedPacket =
  | PublishPacket
  | PubackPacket
  | PubrecPacket
  | PubrelPacket
  | PubcompPacket
  | DisconnectPacket
  | AuthPacket;

/** The packets that a Client sends. */
export type ClientPacket =
  | ConnectPacket
  | SubscribePacket
  | UnsubscribePacket
  | PingreqPacket
  | SharedPacket;

/** The packets that a Server sends. */
export type ServerPacket =
  | ConnackPacket
  | SubackPacket
  | UnsubackPacket
  | PingrespPacket
  | SharedPacket;

/** Every MQTT Control Packet; `type` tells them apart. */
export type Packet = ClientPacket | ServerPacket;
