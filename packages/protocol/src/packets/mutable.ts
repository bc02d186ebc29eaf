/** A packet while a decoder still puts it together. */
export type Mutable<T> = { -readonly [Field in keyof T]: T[Field] };
