/**
 * The options of WebSocket listeners. They stand apart from what obeys them so that the public types of
 * this package need no types of ws.
 */

/** What is asked of a WebSocket client, on a port of our own and on an attached server. */
export interface WebSocketOptions {
  /** Path of the URL that clients use. Default "/mqtt". */
  readonly path?: string;
  /**
   * Values of the Origin header that are let in, such as "https://example.com"; "*" is all of them. Default: all, but
   * where the listener is for this machine only (127.0.0.1, ::1), its own pages: origin and host are localhost then. A
   * client without the header is let in, for only browsers send it, and only they can be made to connect by somebody
   * else's page.
   */
  readonly origins?: readonly string[];
  /**
   * Subprotocols that are accepted, the server's favourite first. Default "mqtt" and "mqttv3.1", which clients of
   * MQTT 3.1 ask for. "*" lets in who offers any other, and is answered with it, or none: devices that do not keep
   * [MQTT-6.0.0-3].
   */
  readonly subprotocols?: readonly string[];
  /**
   * Addresses and ranges of HTTP proxies whose `X-Forwarded-For` is believed: the client is then the last address in it that is no
   * such proxy. Default: none, and the header counts for nothing.
   */
  readonly forwardedFrom?: readonly string[];
  /** Bytes of the largest WebSocket message. Default 4 194 304: some packets of the largest size in one. */
  readonly messageBytesMax?: number;
}
