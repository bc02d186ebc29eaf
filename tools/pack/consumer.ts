/**
 * A stranger's program: it is compiled and run in an empty project in which the packed packages are
 * installed, so it sees what those who install them see.
 */
import { createAdmin } from "@anax/admin";
import { connect } from "@anax/client";
import { decodePacket, encodePacket } from "@anax/protocol";
import type { Packet } from "@anax/protocol";
import { MqttServer } from "@anax/server";
import { lmdbStore } from "@anax/store-lmdb";

const packet: Packet = { type: "suback", packetIdentifier: 1, reasonCodes: [2] };
const bytes = encodePacket(packet, 5);
const decoded = decodePacket(bytes[0] ?? 0, bytes, 2, bytes.length, 5);
if (JSON.stringify(decoded) !== JSON.stringify(packet)) throw new Error("the packet has changed");
console.log(`codec: ${decoded.type}`);

const server = new MqttServer({ port: 0, store: lmdbStore({ path: "store" }) });
await server.start();
const client = await connect(server.address().url);
const messages = client.subscribe("plants/+/water", { qos: 1 });
await messages;
await client.publish("plants/7/water", "low", { qos: 2 });
for await (const message of messages) {
  console.log(`message: ${message.topic} ${message.text}`);
  break;
}
await client.disconnect();
const admin = createAdmin(server, { holderOf: () => undefined });
const page = await admin.fetch(new Request("http://127.0.0.1/app.js"));
console.log(`dashboard: ${page.status} ${page.headers.get("content-type")}`);
admin.close();
await server.stop();
