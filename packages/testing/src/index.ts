/** `@anax/testing`: tools for the tests of this repository. The names, listed by hand. */
export { callMethod, tryBuilder, tryMethod, type ArgumentOutcomes } from "./builder-arguments.ts";
export {
  CertificateAuthority,
  type CertificateContent,
  type CertificateFiles,
} from "./certificate-authority.ts";
export { MemoryServer } from "./memory-server.ts";
export { freePort, listen } from "./ports.ts";
export { RawPeer } from "./raw-peer.ts";
export { areInstalled, findProgram, isComplete, programPath } from "./required-programs.ts";
export { SeededRandom } from "./seeded-random.ts";
export { VirtualClock } from "./virtual-clock.ts";
