/** Says in errors that come later who had called. */
import { MqttConfigurationError } from "@anax/protocol";
import { MqttError } from "./core/errors.ts";
import { handled } from "./deferred.ts";

/** Behind the heading, the frames of this function and of the method that calls it. */
const OWN_LINES = 3;

/**
 * The same promise, whose errors show the frames of whoever called the method that calls this: what arrives from the network
 * has no frame of the application otherwise. It costs some microseconds, so it is for calls that are few.
 */
export function withCallerFrames<Result>(promise: Promise<Result>): Promise<Result> {
  const frames = new Error().stack?.split("\n").slice(OWN_LINES).join("\n") ?? "";
  return handled(
    promise.catch((error: unknown) => {
      if (isOurs(error) && error.stack?.includes(frames) === false) {
        error.stack += `\n${frames}`;
      }
      throw error;
    }),
  );
}

function isOurs(error: unknown): error is Error {
  return error instanceof MqttError || error instanceof MqttConfigurationError;
}
