/** `@anax/testing`: tools for the tests of this repository. The names, listed by hand. */
export { SeededRandom } from "./seeded-random.ts";
