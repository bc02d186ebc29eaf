/** Says in errors that come later who had called. */

/** Behind the heading, the frames of this function and of the method that calls it. */
const OWN_LINES = 3;

/**
 * What the promise gives; its errors show the frames of whoever called the method that calls this. What comes from the
 * network or a file has no frame of the program otherwise. For calls that are few: it costs some microseconds.
 */
export async function withCallerFrames<Result>(promise: Promise<Result>): Promise<Result> {
  const frames = new Error().stack?.split("\n").slice(OWN_LINES).join("\n") ?? "";
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && error.stack?.includes(frames) === false) {
      error.stack += `\n${frames}`;
    }
    throw error;
  }
}
