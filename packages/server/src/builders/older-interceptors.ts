import type {
  InterceptingClientEnqueue,
  InterceptingPublish,
  InterceptingSubscription,
  InterceptingUnsubscription,
} from "../event-arguments.ts";
import type { ServerEventHandler } from "../events.ts";

/*
 * The interceptors of older MQTTnet versions: the events of today, with a flag of another name.
 */

/** What an application message interceptor is given: `interceptingPublish` with `acceptPublish`. */
export interface ApplicationMessageInterceptorContext extends InterceptingPublish {
  acceptPublish: boolean;
}

/** What a subscription interceptor is given: `interceptingSubscription` with `acceptSubscription`. */
export interface SubscriptionInterceptorContext extends InterceptingSubscription {
  /** False refuses the filter with 0x80, unless `response.reasonCode` says otherwise. */
  acceptSubscription: boolean;
}

/** What an unsubscription interceptor is given: `interceptingUnsubscription` with `acceptUnsubscription`. */
export interface UnsubscriptionInterceptorContext extends InterceptingUnsubscription {
  acceptUnsubscription: boolean;
}

/** What a client message queue interceptor is given: `interceptingClientEnqueue` with `acceptEnqueue`. */
export type ClientMessageQueueInterceptorContext = InterceptingClientEnqueue;

/** An interceptor, which may answer later. */
export type OlderInterceptor<Context> = (context: Context) => void | Promise<void>;

export function applicationMessageInterceptor(
  interceptor: OlderInterceptor<ApplicationMessageInterceptorContext>,
): ServerEventHandler<"interceptingPublish"> {
  return (event) =>
    interceptor(
      Object.defineProperty(event, "acceptPublish", {
        get: () => event.processPublish,
        set: (value: boolean) => {
          event.processPublish = value;
        },
      }) as ApplicationMessageInterceptorContext,
    );
}

export function subscriptionInterceptor(
  interceptor: OlderInterceptor<SubscriptionInterceptorContext>,
): ServerEventHandler<"interceptingSubscription"> {
  return (event) =>
    interceptor(
      Object.defineProperty(event, "acceptSubscription", {
        get: () => event.processSubscription,
        set: (value: boolean) => {
          event.processSubscription = value;
          if (!value && event.response.reasonCode < 0x80) event.response.reasonCode = 0x80;
        },
      }) as SubscriptionInterceptorContext,
    );
}

export function unsubscriptionInterceptor(
  interceptor: OlderInterceptor<UnsubscriptionInterceptorContext>,
): ServerEventHandler<"interceptingUnsubscription"> {
  return (event) =>
    interceptor(
      Object.defineProperty(event, "acceptUnsubscription", {
        get: () => event.processUnsubscription,
        set: (value: boolean) => {
          event.processUnsubscription = value;
        },
      }) as UnsubscriptionInterceptorContext,
    );
}
