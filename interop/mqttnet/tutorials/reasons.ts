/** Why a line of a tutorial is another with Anax. */
export const REASONS: Readonly<Record<string, string>> = {
  "five events, server: guest has unsubscribed from never > ":
    "our choice: nothing was unsubscribed, and the client hears so (0x11)",
  "persistent session, server:  > the session of sleeper is deleted":
    "Clean Start ends the session of before [MQTT-3.1.2-4], and `sessionDeleted` fires on every way a session ends",
  "persistent session, server:  > the session of sleeper is deleted / the session of sleeper is deleted":
    "the same, and DISCONNECT with expiry 0 ends it once more (3.14.2.2.2); MQTTnet's client does not send a 0, and its server keeps the session",
  "retained, server:  > state/door changed; kept: state/door":
    "our choice: the same message again is stored again, and its expiry counts anew; `isChanged` is false",
  "cloud client, server:  > device publishes devices/device/state: lost":
    "DISCONNECT 0x04 asks for the Will (3.14.2.1)",
};
