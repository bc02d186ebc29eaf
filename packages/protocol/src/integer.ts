/**
 * The value, when it is an integer from `minimum` to `maximum`: what is demanded of a
 * caller.
 * @throws TypeError when it is no number; RangeError when it is not such an integer.
 */
export function requireInteger(
  value: unknown,
  field: string,
  minimum: number,
  maximum: number,
): number {
  if (typeof value !== "number") {
    throw new TypeError(`${field} must be a number, not ${typeof value}`);
  }
  if (Number.isInteger(value) && value >= minimum && value <= maximum) {
    return value;
  }
  throw new RangeError(`${field} ${value} is not an integer from ${minimum} to ${maximum}`);
}
