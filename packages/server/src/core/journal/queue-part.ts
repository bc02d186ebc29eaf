import type { ByteReader, ByteWriter } from "@anax/protocol";
import { addressOf } from "./owing.ts";
import type { Session } from "../sessions/session.ts";
import { isSameAddress, readAddress, readNumber, writeAddress, writeNumber } from "./fields.ts";
import type { StoredAddress } from "./fields.ts";
import type { Journal } from "./journal.ts";
import type { QueueRange } from "./session-parts.ts";

/*
 * A part of a queue is written as runs: of places side by side, of messages whose numbers follow each other, owed in the
 * same way. A thousand messages that a device was sent alone are one run, and one between those of others takes five bytes.
 */

/** Numbers that are further apart than this are written whole. */
const STEP_MAX = 0x7ff_ffff;

interface Run {
  readonly at: number;
  readonly number: number;
  readonly address: StoredAddress;
  count: number;
}

/** Writes the places of a queue that are in `range`: where they begin, then their runs. */
export function writeQueuePart(
  writer: ByteWriter,
  session: Session,
  journal: Journal,
  range: QueueRange,
): void {
  writeNumber(writer, range.first);
  let last = { at: range.first, number: 0 };
  let run: Run | undefined;
  const end = (): void => {
    if (run !== undefined) last = writeRun(writer, run, last);
  };
  let at = range.first - 1;
  for (const owed of session.queue.between(range.first, range.end)) {
    at += 1;
    const slot = journal.slotOf(owed);
    // The journal does not have those of QoS 0: they do not outlive the server.
    if (slot < 0) continue;
    const number = journal.messages.number(slot);
    const address = addressOf(session, owed);
    const isNext =
      run !== undefined && at === run.at + run.count && number === run.number + run.count;
    if (run !== undefined && isNext && isSameAddress(run.address, address)) {
      run.count += 1;
      continue;
    }
    end();
    run = { at, number, address, count: 1 };
  }
  end();
}

function writeRun(
  writer: ByteWriter,
  run: Run,
  last: { readonly at: number; readonly number: number },
): { at: number; number: number } {
  writer.varint(run.at - last.at);
  writer.varint(run.count);
  const step = run.number - last.number;
  const isNear = step > 0 && step <= STEP_MAX;
  writer.varint(isNear ? step : 0);
  if (!isNear) writeNumber(writer, run.number);
  writeAddress(writer, run.address);
  return { at: run.at + run.count, number: run.number + run.count - 1 };
}

/** Reads a part; of its places, those in `range` are still in the queue. */
export function readQueuePart(
  reader: ByteReader,
  range: QueueRange,
  queue: Map<number, StoredAddress>,
): void {
  let at = readNumber(reader);
  let number = 0;
  while (reader.remaining > 0) {
    at += reader.varint();
    const count = reader.varint();
    const step = reader.varint();
    number = step === 0 ? readNumber(reader) : number + step;
    const address = readAddress(reader);
    for (let index = 0; index < count; index += 1, at += 1) {
      if (at >= range.first && at < range.end) queue.set(number + index, address);
    }
    number += count - 1;
  }
}
