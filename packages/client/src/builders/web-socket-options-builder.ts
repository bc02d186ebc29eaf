import { MqttConfigurationError } from "@anax/protocol";
import type { WebSocketOptions } from "../transports/transport.ts";
import { requireType } from "../validation.ts";
import type { Duration } from "./duration.ts";

/** What `MqttClientWebSocketOptionsBuilder` builds. */
export interface MqttClientWebSocketOptions {
  readonly uri: string | URL | undefined;
  readonly webSocket: WebSocketOptions;
  readonly proxy: string | undefined;
}

/** Builds options of a WebSocket connection. */
export class MqttClientWebSocketOptionsBuilder {
  #uri: string | URL | undefined;
  #headers: Readonly<Record<string, string>> | undefined;
  #protocols: readonly string[] | undefined;
  #proxy: string | undefined;

  /** A URL; one without a scheme is of `ws:`, or of `wss:` if TLS is wanted. */
  withUri(uri: string | URL): this {
    this.#uri = uri;
    return this;
  }

  withRequestHeaders(headers: Readonly<Record<string, string>>): this {
    this.#headers = headers;
    return this;
  }

  withSubProtocols(protocols: readonly string[]): this {
    this.#protocols = protocols;
    return this;
  }

  withProxyOptions(
    proxy:
      | MqttClientWebSocketProxyOptionsBuilder
      | ((builder: MqttClientWebSocketProxyOptionsBuilder) => unknown),
  ): this {
    const builder = new MqttClientWebSocketProxyOptionsBuilder();
    if (typeof proxy === "function") proxy(builder);
    else requireType(proxy, builder.constructor.name, "the proxy");
    this.#proxy = (typeof proxy === "function" ? builder : proxy).build();
    return this;
  }

  /** Nothing to do: PINGREQ of MQTT keeps the connection alive. */
  withKeepAliveInterval(_interval: Duration): this {
    return this;
  }

  build(): MqttClientWebSocketOptions {
    const webSocket = { headers: this.#headers, protocols: this.#protocols };
    return { uri: this.#uri, webSocket, proxy: this.#proxy };
  }
}

/** Builds the URL of an HTTP proxy. */
export class MqttClientWebSocketProxyOptionsBuilder {
  #address = "";
  #userName = "";
  #password = "";

  withAddress(address: string): this {
    requireType(address, "string", "the address of the proxy");
    this.#address = address;
    return this;
  }

  withUsername(userName: string): this {
    requireType(userName, "string", "the user name for the proxy");
    this.#userName = userName;
    return this;
  }

  withPassword(password: string): this {
    requireType(password, "string", "the password for the proxy");
    this.#password = password;
    return this;
  }

  /** A URL of the option `proxy`. Throws `MqttConfigurationError` if there is no address. */
  build(): string {
    const isUrl = this.#address.includes("://");
    const text = isUrl ? this.#address : `http://${this.#address}`;
    if (this.#address === "" || !URL.canParse(text))
      throw new MqttConfigurationError("the proxy has no address");
    const url = new URL(text);
    if (this.#userName !== "") url.username = encodeURIComponent(this.#userName);
    if (this.#password !== "") url.password = encodeURIComponent(this.#password);
    return url.href;
  }
}
