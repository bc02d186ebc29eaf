/**
 * What a store says about itself. It stands apart from what reads it so that the public types of this
 * package need no types of lmdb.
 */

/** Version of the layout of the tables. A store with a higher one is refused, a lower one is brought up to date. */
export const STORE_FORMAT = 6;

/** What a store says about itself. */
export interface StoreDescription {
  readonly format: number;
  /** The program that made it. */
  readonly createdBy: string;
}
