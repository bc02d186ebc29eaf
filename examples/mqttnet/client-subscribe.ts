/** In MQTTnet: Samples/Client/Client_Subscribe_Samples.cs and Client_Subscribe_TopicTemplate_Samples.cs. */
import { setTimeout as delay } from "node:timers/promises";
import { connect } from "@anax/client";
import type { Message } from "@anax/client";
import { topicTemplate } from "@anax/protocol";
import type { Print } from "../run-example.ts";
import { runSamples } from "./run-samples.ts";

/** Subscribe_Topic: awaiting a subscription tells what the server granted. */
export async function subscribeTopic(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  const { grantedQos } = await client.subscribe("samples/topic/1", { qos: 1 });
  print(`granted QoS ${grantedQos}`);
  await client.disconnect();
}

/** Subscribe_Multiple_Topics: one SUBSCRIBE, each filter with options of its own. */
export async function subscribeMultipleTopics(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  const { reasonCodes } = await client.subscribe([
    { topicFilter: "samples/topic/1", qos: 1 },
    { topicFilter: "samples/topic/2", qos: 1 },
    { topicFilter: "samples/topic/3", noLocal: true },
    { topicFilter: "samples/topic/4", retainHandling: 2 },
  ]);
  print(`granted ${reasonCodes.join(", ")}`);
  await client.disconnect();
}

/** Handle_Received_Application_Message: a loop over a subscription, or a handler for all messages. */
export async function handleReceivedApplicationMessage(url: string, print: Print): Promise<void> {
  const client = await connect(url);
  client.on("message", ({ topic }) => print(`a message came to ${topic}`));
  const subscription = client.subscribe("samples/topic/2", { qos: 1 });
  await subscription;
  await client.publish("samples/topic/2", "hello", { qos: 1 });
  for await (const { text } of subscription) {
    print(`it says ${text}`);
    break;
  }
  await client.disconnect();
}

/** Send_Responses: the application acknowledges, also with a Reason Code that refuses. */
export async function sendResponses(url: string, print: Print): Promise<void> {
  const client = await connect(url, { manualAcknowledge: true });
  const subscription = client.subscribe("samples/topic/1", { qos: 1 });
  await subscription;
  await client.publish("samples/topic/1", "broken", { qos: 1 });
  for await (const message of subscription) {
    message.acknowledge(0x83);
    print(`refused ${message.text}`);
    break;
  }
  await client.disconnect();
}

/** ConcurrentProcessingDisableAutoAcknowledge: several messages at a time, each acknowledged when it is done. */
export async function processConcurrently(url: string, print: Print): Promise<void> {
  const client = await connect(url, { manualAcknowledge: true });
  let done = 0;
  await client.subscribe("samples/work/+", (message) => void work(message), { qos: 1 });
  for (const job of ["1", "2", "3"]) await client.publish(`samples/work/${job}`, job, { qos: 1 });
  while (done < 3) await delay(5);
  print(`${done} jobs done`);
  await client.disconnect();

  async function work(message: Message): Promise<void> {
    await delay(5);
    message.acknowledge();
    done += 1;
  }
}

/** ConcurrentProcessingWithLimit: the server sends no more at a time than Receive Maximum allows. */
export async function processConcurrentlyWithLimit(url: string, print: Print): Promise<void> {
  const client = await connect(url, { manualAcknowledge: true, receiveMaximum: 2 });
  let [atWork, most, done] = [0, 0, 0];
  await client.subscribe("samples/work/+", (message) => void work(message), { qos: 1 });
  const jobs = ["1", "2", "3", "4", "5", "6"];
  await Promise.all(jobs.map((job) => client.publish(`samples/work/${job}`, job, { qos: 1 })));
  while (done < jobs.length) await delay(5);
  print(`${done} jobs done, never more than ${most} at a time`);
  await client.disconnect();

  async function work(message: Message): Promise<void> {
    atWork += 1;
    most = Math.max(most, atWork);
    await delay(5);
    atWork -= 1;
    done += 1;
    message.acknowledge();
  }
}

/** Subscribe_Topic_With_Template: names for levels of a topic. */
export async function subscribeTopicWithTemplate(url: string, print: Print): Promise<void> {
  const rooms = topicTemplate("samples/{floor}/{room}");
  const client = await connect(url);
  const subscription = client.subscribe(rooms.filter, { qos: 1 });
  await subscription;
  await client.publish(rooms.bind({ floor: "1", room: "kitchen" }), "warm", { qos: 1 });
  for await (const { topic, text } of subscription) {
    print(`${rooms.match(topic)?.room} is ${text}`);
    break;
  }
  await client.disconnect();
}

runSamples(import.meta, {
  subscribeTopic,
  subscribeMultipleTopics,
  handleReceivedApplicationMessage,
  sendResponses,
  processConcurrently,
  processConcurrentlyWithLimit,
  subscribeTopicWithTemplate,
});
