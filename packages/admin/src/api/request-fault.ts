import type { TSchema } from "@sinclair/typebox";
import { ValueErrorType } from "@sinclair/typebox/errors";
import type { ValueError } from "@sinclair/typebox/errors";
import { Value } from "@sinclair/typebox/value";

/** Characters of a value that is not as it should be, in a message about it. */
const SHOWN_MAX = 100;

/** What is wrong in a part of a request, in words; undefined if nothing is. `place` is such as "query". */
export function requestFault(place: string, schema: TSchema, given: unknown): string | undefined {
  const error = Value.Errors(schema, given).First();
  if (error === undefined) return undefined;
  const name = error.path.slice(1).replaceAll("/", ".");
  const what = name === "" ? `the ${place}` : `${place} ${name}`;
  if (error.type === ValueErrorType.ObjectAdditionalProperties)
    return `there is no ${what}${known(schema, error.path)}`;
  if (error.type === ValueErrorType.ObjectRequiredProperty) return `${what} is missing`;
  return `${what} ${shown(error.value)} ${reasonOf(error)}`;
}

/** The names that there are, where they are not many levels down. */
function known(schema: TSchema, path: string): string {
  const names = Object.keys((schema["properties"] ?? {}) as object);
  if (path.lastIndexOf("/") > 0 || names.length === 0) return "";
  return `; there is ${names.join(", ")}`;
}

function reasonOf({ type, schema, message }: ValueError): string {
  switch (type) {
    case ValueErrorType.IntegerMinimum:
    case ValueErrorType.NumberMinimum:
      return `is below ${schema["minimum"]}`;
    case ValueErrorType.IntegerMaximum:
    case ValueErrorType.NumberMaximum:
      return `is above ${schema["maximum"]}`;
    case ValueErrorType.Integer:
      return "is not a whole number";
    case ValueErrorType.Number:
      return "is not a number";
    case ValueErrorType.Boolean:
      return "is not true or false";
    case ValueErrorType.String:
      return "is not a text";
    case ValueErrorType.Object:
      return "is not an object";
    case ValueErrorType.Array:
      return "is not a list";
    case ValueErrorType.StringMinLength:
      return "is empty";
    case ValueErrorType.Union:
      return `is not one of ${choices(schema)}`;
    default:
      return `is wrong: ${message}`;
  }
}

function choices(schema: TSchema): string {
  const branches = (schema["anyOf"] ?? []) as readonly TSchema[];
  return branches.map((branch) => String(branch["const"] ?? branch["type"])).join(", ");
}

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}...` : text;
}
