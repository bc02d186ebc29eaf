/**
 * The timers of `src/platform.ts` as the global ones are when they are read, so that `vi.useFakeTimers` fakes those of the
 * server too. For `vi.mock` of that module.
 *
 * @param platform what the server has without this
 */
export function fakeableTimers(platform: object): object {
  return {
    ...platform,
    get clearTimeout() {
      return globalThis.clearTimeout;
    },
    get setImmediate() {
      return globalThis.setImmediate;
    },
    get setTimeout() {
      return globalThis.setTimeout;
    },
  };
}
