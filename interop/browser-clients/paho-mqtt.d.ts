/** The part of paho-mqtt that is used here; the package has no types of its own. */
declare module "paho-mqtt" {
  export class Message {
    constructor(payload: string | Uint8Array);
    destinationName: string;
    qos: number;
    retained: boolean;
    readonly duplicate: boolean;
    readonly payloadString: string;
    readonly payloadBytes: Uint8Array;
  }

  export interface Outcome {
    readonly onSuccess?: () => void;
    readonly onFailure?: (failure: { readonly errorMessage: string }) => void;
  }

  export interface ConnectOptions extends Outcome {
    readonly cleanSession?: boolean;
    readonly mqttVersion?: 3 | 4;
    readonly mqttVersionExplicit?: boolean;
    readonly willMessage?: Message;
  }

  export class Client {
    constructor(url: string, clientId: string);
    onMessageArrived: (message: Message) => void;
    onMessageDelivered: (message: Message) => void;
    connect(options: ConnectOptions): void;
    subscribe(filter: string, options: Outcome & { readonly qos: number }): void;
    send(message: Message): void;
    disconnect(): void;
  }
}
