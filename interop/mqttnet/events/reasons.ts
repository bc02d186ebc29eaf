/**
 * Why the two servers differ in a step. Each is either what the specification says, with the place, or our choice. A difference
 * without a reason, and a reason without a difference, fails the tests.
 */
export const REASONS: Readonly<Record<string, string>> = {
  "connect | 5.0": "CONNECT is shown too; limits are told as they are",
  "connect | 3.1.1": "CONNECT is shown too",
  "connect | 5.0, no identifier": "one is assigned, as 3.1.3.1 allows",
  "connect | 3.1.1, no identifier, clean": "one is assigned, as 3.1.3.1 allows",
  "connect | the same identifier again":
    "the code of a DISCONNECT is told whoever sent it; a session that ends with its connection ends here (3.1.2.11.2)",
  "connect | stop": "the same; clients that were let in without an identifier are here",
  "refused | 0x87, 5.0": "refusals are shown too",
  "refused | 0x87, 3.1.1": "refusals are shown too",
  "refused | 0x97, 3.1.1":
    "our choice: Return Code 3, the server is not available. 1 makes clients try an older version",
  "publish | QoS 2, sent twice": "the second is no other message [MQTT-4.3.3-10]",
  "receivers | all changed":
    "our choice: each handler is asked before a receiver is given the message, so that all is stored at once",
  "retained | the same again":
    "our choice: it is stored again, and its expiry counts anew; `isChanged` is false",
  "retained | the same with a Content Type": "it is another message (3.3.1.3)",
  "retained | two filters that overlap, in one SUBSCRIBE":
    "once for each subscription (3.8.4), with all properties",
  "retained | removed": "follows from the above: identifiers count on",
  "retained | removed again": "follows from the above: identifiers count on",
  "subscribe | QoS 0, 2, 1 in one packet":
    "the codes are in the order of the filters [MQTT-3.9.3-1]",
  "subscribe | a/#/b": "no Topic Filter [MQTT-4.7.1-1]",
  "subscribe | unsubscribe": "follows from the above: the older connection has gone",
  "subscribe | unsubscribe what is not there": "our choice: nothing was unsubscribed (0x11)",
  "subscribe | $share/g/t": "shared subscriptions are there",
  "answers about subscriptions | the QoS lowered": "our choice: the handler's QoS is granted",
  "answers about subscriptions | processUnsubscription false":
    "our choice: the subscription stays, so nothing was unsubscribed",
  "answers about subscriptions | closeConnection": "our choice: the client hears the answer first",
  "answers about messages | closeConnection":
    "our choice: what a sender that is thrown out has sent is dropped",
  "packets dropped | outbound PUBLISH, QoS 0": "our choice: the message did not get there",
  "a handler of validatingConnection throws | throws once": "our choice: the client hears 0x80",
  "a handler of interceptingPublish throws | throws once": "our choice: the client hears 0x83",
  "a handler of interceptingSubscription throws | throws once": "our choice: the client hears 0x83",
  "a handler of interceptingClientEnqueue throws | throws once":
    "our choice: it vetoes, and events and acknowledgement say the same",
  "a handler of interceptingInboundPacket throws | throws once":
    "our choice: the client hears 0x83",
  "a handler of interceptingOutboundPacket throws | throws once":
    "our choice: the connection ends, and the message stays in the session",
  "a handler of clientSubscribedTopic throws | throws once":
    "our choice: the event only tells; the failure is logged",
  "takeover | again, Clean Start 0":
    "the Will is published (3.1.2.5); `preparingSession` fires for each session",
  "takeover | again, Clean Start 1": "the session of before ends [MQTT-3.1.2-4]",
  "takeover | again, a session that ends": "`preparingSession` fires for each session",
  "takeover | again, after one that ends":
    "a session whose expiry is 0 ends with its connection (3.1.2.11.2)",
  "the end | DISCONNECT 0x04": "it asks for the Will (3.14.2.1)",
  "the end | DISCONNECT with expiry 0": "the session ends (3.14.2.2.2)",
  "the end | DISCONNECT with expiry 60": "a Protocol Error after 0 in CONNECT (3.14.2.2.2)",
  "a queue of two | QoS 0":
    "our choice: QoS 0 is not queued for who is away, unless `queueQos0` says so; MQTTnet queues it and then throws it away",
  "a queue of two | QoS 1, the second": "follows from the above",
  "a queue of two | b is back": "the same Packet Identifiers; nothing is overwritten by a return",
  "in flight | b is back": "it is sent again as it was, with DUP [MQTT-4.4.0-1] [MQTT-3.3.1-1]",
  "the program | injects, a handler throws":
    "our choice: the result says 0x83, as of each message that is refused",
  "the program | asks for a session that is not there": "our choice: false; it may just have ended",
  "the program | b is back": "`preparingSession` fires for each session",
  "the program | deletes the session of b": "our choice: its client is told 0x98",
  "what is not allowed | a second CONNECT": "a Protocol Error, and the client is told (4.13)",
  "what is not allowed | PUBREL of nothing": "0x92 (3.7.2.1)",
  "what is not allowed | PUBLISH with QoS 3": "malformed [MQTT-3.3.1-4], and the client is told",
  "what is not allowed | PUBLISH to $app/x":
    "our choice (4.7.2); `dollarTopicsFromClients` opens them",
};
