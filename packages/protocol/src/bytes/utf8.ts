// UTF-8 as MQTT wants it [MQTT-1.5.4-1] [MQTT-1.5.4-2]: well formed, no surrogates, no U+0000.
// Control characters and noncharacters are accepted: the specification leaves that to the
// receiver, and a Server that refuses them breaks Clients which today work elsewhere.

// The one name of the runtime that this package needs beyond ECMAScript; Node and browsers have it.
declare const TextDecoder: new (
  label: string,
  options: { readonly ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

// `ignoreBOM: true` keeps the bytes EF BB BF as U+FEFF [MQTT-1.5.4-3].
const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

// Measured on Node 20: up to here building the string by characters beats a call of the decoder.
const SHORT_STRING_BYTES_MAX = 16;

/** True when the bytes are a valid MQTT UTF-8 string: well formed, no surrogate, no U+0000. */
export function validateUtf8(bytes: Uint8Array, start: number, end: number): boolean {
  let index = start;
  while (index < end) {
    const byte = bytes[index] as number;
    if (byte < 0x80) {
      if (byte === 0) {
        return false;
      }
      index += 1;
    } else {
      const size = multiByteSize(bytes, index, end, byte);
      if (size === 0) {
        return false;
      }
      index += size;
    }
  }
  return true;
}

/** Size of the well-formed sequence of two to four bytes at `index`, or 0 when it is ill formed. */
function multiByteSize(bytes: Uint8Array, index: number, end: number, lead: number): number {
  if (lead < 0xc2 || lead > 0xf4) {
    return 0;
  }
  const size = lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
  if (index + size > end) {
    return 0;
  }
  const second = bytes[index + 1] as number;
  if (second < lowestSecondByte(lead) || second > highestSecondByte(lead)) {
    return 0;
  }
  for (let next = index + 2; next < index + size; next += 1) {
    if (((bytes[next] as number) & 0xc0) !== 0x80) {
      return 0;
    }
  }
  return size;
}

/** Below it a three- or four-byte form would be overlong. */
function lowestSecondByte(lead: number): number {
  return lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
}

/** Above it would lie the surrogates, or what is beyond U+10FFFF. */
function highestSecondByte(lead: number): number {
  return lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
}

/**
 * The string that the bytes hold. They must have passed `validateUtf8`; ill-formed bytes would
 * come out as U+FFFD.
 */
export function decodeUtf8(bytes: Uint8Array, start: number, end: number): string {
  if (end - start > SHORT_STRING_BYTES_MAX) {
    return decoder.decode(bytes.subarray(start, end));
  }
  for (let index = start; index < end; index += 1) {
    if ((bytes[index] as number) >= 0x80) {
      return decoder.decode(bytes.subarray(start, end));
    }
  }
  return decodeShortAscii(bytes, start, end);
}

/** Eight characters per call: building a string one by one costs twice as much. */
function decodeShortAscii(bytes: Uint8Array, start: number, end: number): string {
  let text = "";
  let index = start;
  for (; index + 8 <= end; index += 8) {
    text += String.fromCharCode(
      bytes[index] as number,
      bytes[index + 1] as number,
      bytes[index + 2] as number,
      bytes[index + 3] as number,
      bytes[index + 4] as number,
      bytes[index + 5] as number,
      bytes[index + 6] as number,
      bytes[index + 7] as number,
    );
  }
  for (; index < end; index += 1) {
    text += String.fromCharCode(bytes[index] as number);
  }
  return text;
}

/** Bytes that `text` takes in UTF-8. A lone surrogate, which cannot be encoded, counts three. */
export function encodedLength(text: string): number {
  let length = text.length;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit >= 0x800) {
      length += 2;
      if (unit >= 0xd800 && unit < 0xdc00 && isLowSurrogate(text.charCodeAt(index + 1))) {
        index += 1;
      }
    } else if (unit >= 0x80) {
      length += 1;
    }
  }
  return length;
}

/** `text` in memory of its own. @throws RangeError as `encodeUtf8Into`. */
export function encodeUtf8(text: string): Uint8Array {
  const bytes = new Uint8Array(encodedLength(text));
  encodeUtf8Into(text, bytes, 0);
  return bytes;
}

/**
 * Writes `text` at `position` and answers the position behind it. That `target` has room for
 * `encodedLength(text)` bytes there is up to the caller.
 *
 * @throws RangeError when `text` holds U+0000 or a lone surrogate, which MQTT cannot carry
 *   [MQTT-1.5.4-1] [MQTT-1.5.4-2].
 */
export function encodeUtf8Into(text: string, target: Uint8Array, position: number): number {
  let next = position;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) {
      if (unit === 0) {
        throw new RangeError(`String has U+0000 at index ${index}, which MQTT cannot carry`);
      }
      target[next] = unit;
      next += 1;
    } else if (unit < 0x800) {
      target[next] = 0xc0 | (unit >> 6);
      target[next + 1] = 0x80 | (unit & 0x3f);
      next += 2;
    } else if (unit < 0xd800 || unit > 0xdfff) {
      target[next] = 0xe0 | (unit >> 12);
      target[next + 1] = 0x80 | ((unit >> 6) & 0x3f);
      target[next + 2] = 0x80 | (unit & 0x3f);
      next += 3;
    } else {
      next = encodeSurrogatePairInto(text, index, target, next);
      index += 1;
    }
  }
  return next;
}

function encodeSurrogatePairInto(
  text: string,
  index: number,
  target: Uint8Array,
  position: number,
): number {
  const high = text.charCodeAt(index);
  const low = text.charCodeAt(index + 1);
  if (high > 0xdbff || !isLowSurrogate(low)) {
    throw new RangeError(`String has a lone surrogate at index ${index}, which MQTT cannot carry`);
  }
  const codePoint = 0x1_0000 + ((high & 0x3ff) << 10) + (low & 0x3ff);
  target[position] = 0xf0 | (codePoint >> 18);
  target[position + 1] = 0x80 | ((codePoint >> 12) & 0x3f);
  target[position + 2] = 0x80 | ((codePoint >> 6) & 0x3f);
  target[position + 3] = 0x80 | (codePoint & 0x3f);
  return position + 4;
}

function isLowSurrogate(unit: number): boolean {
  return unit >= 0xdc00 && unit <= 0xdfff;
}
