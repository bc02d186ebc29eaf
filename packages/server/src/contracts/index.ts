/**
 * `@anax/server/contracts`: what implementations of the server's ports have to do, as checks without a
 * test framework, and stores to test with. The public names, listed by hand.
 */
export { STORE_CONTRACT, type StoreContractCheck } from "./store-contract.ts";
export {
  emptyTransaction,
  holdings,
  patternedBytes,
  type StoreHoldings,
  type StoreMedium,
} from "./store-holdings.ts";
export { type CommitFault, FaultyStore } from "../stores/faulty-store.ts";
export { MemoryMedium, MemoryStore } from "../stores/memory-store.ts";
