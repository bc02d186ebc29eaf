/** Counters of a server since it was made; gauges end in `Current`. One object, written in place. */
export class Statistics {
  connectionsCurrent = 0;
  connectionsTotal = 0;
  connectionsMaximum = 0;
  connectionsRefused = 0;
  /** Connections that ended before a whole CONNECT had come. */
  connectionsWithoutConnect = 0;
  sessionsCurrent = 0;
  sessionsExpired = 0;
  /** Sessions without subscriptions and messages that were ended since the table was full. */
  sessionsEvicted = 0;
  subscriptionsCurrent = 0;
  sharedSubscriptionsCurrent = 0;
  retainedMessagesCurrent = 0;
  retainedBytesCurrent = 0;
  /** Of these, bytes of payloads. */
  retainedPayloadBytesCurrent = 0;
  queuedMessagesCurrent = 0;
  queuedBytesCurrent = 0;
  /** Of these, bytes of payloads. */
  queuedPayloadBytesCurrent = 0;
  bytesReceived = 0;
  bytesSent = 0;
  packetsReceived = 0;
  packetsSent = 0;
  publishesReceived = 0;
  publishesSent = 0;
  /** Bytes of payloads of PUBLISH packets. */
  publishBytesReceived = 0;
  publishBytesSent = 0;
  /** Of these, those of QoS 1 and 2, and bytes of their payloads. */
  publishesReceivedQos1 = 0;
  publishesReceivedQos2 = 0;
  publishesSentQos1 = 0;
  publishesSentQos2 = 0;
  publishBytesReceivedQos1 = 0;
  publishBytesReceivedQos2 = 0;
  publishBytesSentQos1 = 0;
  publishBytesSentQos2 = 0;
  /** Messages not delivered to a receiver because of a limit: queue full, backlog full, packet too large for it. */
  messagesDropped = 0;
  /** Those of them that a full queue gave up or refused. */
  messagesDroppedQueue = 0;
  /** Those of them that were of QoS 0, for a client that reads too slowly: its backlog was full. */
  messagesDroppedBacklog = 0;
  /** The same, since the backlogs of all clients together were full. */
  messagesDroppedTotal = 0;
  /** Those of them that were of QoS 0, for a client that was away. */
  messagesDroppedAway = 0;
  /** Those of them that were larger than the client's Maximum Packet Size. */
  messagesTooLarge = 0;
  /** Times that a client acknowledged nothing for a minute while all that may be in flight was, and more waited. */
  windowsStalled = 0;
  /** Times that a client had kept publishers waiting for as long as it may, since its queue was full. */
  receiversSlow = 0;
  messagesExpired = 0;
  /** Messages that were delivered and not retained, since there was no room or their publisher's share was used up. */
  messagesNotRetained = 0;
  /** Messages of clients, Wills among them, that were refused since their publishers may not publish them. */
  publishesDenied = 0;
  /** Filters that were refused since the client may not subscribe to them. */
  subscriptionsDenied = 0;
  /** Subscriptions that ended since the rules of access had changed. */
  subscriptionsRevoked = 0;
  /** Messages that were not given to a subscriber since it may not receive them. */
  deliveriesDenied = 0;
  /** Connections closed because the peer broke the protocol. */
  protocolErrors = 0;
  /** CONNECTs that were refused since the user name had come too often with a wrong password. */
  loginsHeldOff = 0;
  /** CONNECTs that were refused since the client had connected too often. */
  flappingHeldOff = 0;
  /** Times that a client was slowed down, refused or sent away because it exceeded a rate. */
  ratesExceeded = 0;
  /** Connections closed before CONNECT was whole, since all such together held too many bytes. */
  unfinishedConnectsClosed = 0;
  /** Acknowledgements for packet identifiers that were not in use: ignored. */
  unknownAcknowledgements = 0;

  /** Counts by QoS what was counted as received. */
  countReceived(qos: 1 | 2, publishes: number, payloadBytes: number): void {
    if (qos === 1) {
      this.publishesReceivedQos1 += publishes;
      this.publishBytesReceivedQos1 += payloadBytes;
    } else {
      this.publishesReceivedQos2 += publishes;
      this.publishBytesReceivedQos2 += payloadBytes;
    }
  }

  /** The same of what was sent. */
  countSent(qos: 1 | 2, publishes: number, payloadBytes: number): void {
    if (qos === 1) {
      this.publishesSentQos1 += publishes;
      this.publishBytesSentQos1 += payloadBytes;
    } else {
      this.publishesSentQos2 += publishes;
      this.publishBytesSentQos2 += payloadBytes;
    }
  }

  /** Counts from zero again; gauges stay what they are. */
  reset(): void {
    const fresh = new Statistics();
    for (const [name, value] of Object.entries(this)) {
      if (name.endsWith("Current")) Object.assign(fresh, { [name]: value });
    }
    Object.assign(this, fresh, { connectionsMaximum: this.connectionsCurrent });
  }
}
