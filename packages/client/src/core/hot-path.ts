/**
 * The hot path, as Node runs it: what is done per message and can be done in less time than by the codec and the general
 * checks, for the plain messages and packets that nearly all are. `no-hot-path.ts` is what a browser loads in its place.
 */
export { isPlainPublish } from "./plain-publish-options.ts";
export { PlainPublishWriter } from "./plain-publish-writer.ts";
export { PlainReader } from "./plain-reader.ts";
