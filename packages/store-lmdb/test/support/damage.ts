import { SeededRandom } from "@anax/testing";

const PAGE_BYTES = 4_096;
/** Header of a page, and what a meta page has after it. */
const META_BYTES = 168;

/** A file of a store with another head or other pages, in one of many ways that follow from the seed. */
export function damaged(whole: Uint8Array, seed: number): { name: string; bytes: Uint8Array } {
  const random = new SeededRandom(seed);
  const bytes = new Uint8Array(whole);
  const name = DAMAGES[seed % DAMAGES.length] ?? "byte";
  const page = random.between(0, 1) * PAGE_BYTES;
  const garbage = (from: number, to: number): void => {
    for (let at = from; at < to; at += 1) bytes[at] = random.between(0, 255);
  };
  const innerPage = (): number => random.between(2, bytes.length / PAGE_BYTES - 1) * PAGE_BYTES;
  switch (name) {
    case "byte":
      garbage(...within(page + random.between(0, META_BYTES - 1), 1));
      break;
    case "field":
      garbage(...within(page + random.between(0, META_BYTES / 8 - 1) * 8, 8));
      break;
    case "small field": {
      const at = page + random.between(3, META_BYTES / 8 - 1) * 8;
      new DataView(bytes.buffer).setBigUint64(at, BigInt(random.between(0, 100)), true);
      break;
    }
    case "meta":
      garbage(...within(page + random.between(0, 64), META_BYTES - 64));
      break;
    case "metas after their marks":
      for (const start of [0, PAGE_BYTES]) garbage(start + 32, start + META_BYTES);
      break;
    case "both pages":
      garbage(0, 2 * PAGE_BYTES);
      break;
    case "zeros":
      bytes.fill(0, page, page + PAGE_BYTES);
      break;
    case "file":
      garbage(0, bytes.length);
      break;
    case "length":
      return { name, bytes: bytes.subarray(0, random.between(0, bytes.length - 1)) };
    case "zero tail":
      bytes.fill(0, random.between(0, 2 * PAGE_BYTES - 1));
      break;
    case "inner byte":
      garbage(...within(random.between(2 * PAGE_BYTES, bytes.length - 1), 1));
      break;
    case "inner head":
      garbage(...within(innerPage() + random.between(0, 24), random.between(1, 40)));
      break;
    case "inner page":
      garbage(...within(innerPage(), PAGE_BYTES));
      break;
    case "other page":
      bytes.copyWithin(innerPage(), ...within(innerPage(), PAGE_BYTES));
      break;
    default:
  }
  return { name, bytes };
}

const DAMAGES = [
  "byte",
  "field",
  "small field",
  "meta",
  "metas after their marks",
  "both pages",
  "zeros",
  "file",
  "length",
  "zero tail",
  "inner byte",
  "inner head",
  "inner page",
  "other page",
] as const;

function within(from: number, count: number): [from: number, to: number] {
  return [from, from + count];
}
