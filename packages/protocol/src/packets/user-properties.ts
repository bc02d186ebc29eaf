/** User Property pairs: names may repeat, and order is kept. */
export type UserProperties = readonly (readonly [name: string, value: string])[];
