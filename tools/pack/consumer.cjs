/** The same stranger, who writes CommonJS, as what compilers of TypeScript make for Jest or NestJS. */
const { connect } = require("@anax/client");
const { MqttClientFactory } = require("@anax/client/builders");
const { MqttServer } = require("@anax/server");

async function main() {
  const server = new MqttServer({ port: 0 });
  await server.start();
  new MqttClientFactory().createClientOptionsBuilder();
  const client = await connect(server.address().url);
  const messages = client.subscribe("plants/+/water", { qos: 1 });
  await messages;
  await client.publish("plants/7/water", "low", { qos: 2 });
  for await (const message of messages) {
    console.log(`message: ${message.topic} ${message.text}`);
    break;
  }
  await client.disconnect();
  await server.stop();
}

void main();
