/** `@anax/testing`: tools for the tests of this repository. The names, listed by hand. */
export {
  CertificateAuthority,
  type CertificateContent,
  type CertificateFiles,
} from "./certificate-authority.ts";
export { MemoryServer } from "./memory-server.ts";
export { RawPeer } from "./raw-peer.ts";
export { SeededRandom } from "./seeded-random.ts";
export { VirtualClock } from "./virtual-clock.ts";
