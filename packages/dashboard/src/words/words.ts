import { language } from "../state/preferences.ts";
import { SERVER_IN_CHINESE } from "./chinese-server.ts";
import { CHINESE } from "./chinese.ts";
import { ENGLISH } from "./english.ts";
import type { Word } from "./english.ts";

export type { Word };

/** The text of this name in the reader's language. */
export function say(word: Word, values: Readonly<Record<string, string | number>> = {}): string {
  const text: string = (language.value === "zh" ? CHINESE : ENGLISH)[word];
  return text.replace(/\{(\w+)\}/g, (_all, name: string) => String(values[name] ?? ""));
}

/** What the server says in words of its own, in the reader's language where that is known. */
export function sayOfServer(text: string): string {
  if (language.value === "en") return text;
  const [pattern, chinese] = SERVER_IN_CHINESE.find(([one]) => one.test(text)) ?? [];
  return pattern === undefined || chinese === undefined ? text : text.replace(pattern, chinese);
}

/** Whether there is a text of this name. */
export function isWord(name: string): name is Word {
  return Object.hasOwn(ENGLISH, name);
}

/** To make one takes longer than to write a whole row with it. */
const FORMATS = { en: formatsOf("en-GB"), zh: formatsOf("zh-CN") };

function formatsOf(locale: string) {
  return {
    number: new Intl.NumberFormat(locale, { maximumFractionDigits: 1 }),
    fraction: new Intl.NumberFormat(locale, { maximumFractionDigits: 3 }),
    time: new Intl.DateTimeFormat(locale, { timeStyle: "medium" }),
    dateTime: new Intl.DateTimeFormat(locale, { dateStyle: "short", timeStyle: "medium" }),
  };
}

export function count(value: number): string {
  return FORMATS[language.value].number.format(value);
}

/** A number with what is behind its point. */
export function fraction(value: number): string {
  return FORMATS[language.value].fraction.format(value);
}

const UNITS = ["B", "kB", "MB", "GB", "TB"] as const;

/** Bytes in a unit that reads well. */
export function bytes(value: number): string {
  let rest = value;
  let unit = 0;
  while (rest >= 1_000 && unit < UNITS.length - 1) {
    rest /= 1_000;
    unit += 1;
  }
  return `${count(rest)} ${UNITS[unit]}`;
}

export function time(ms: number): string {
  return FORMATS[language.value].time.format(ms);
}

export function dateTime(ms: number): string {
  return FORMATS[language.value].dateTime.format(ms);
}

/** Such as `3 d 4 h`. */
export function duration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const parts = [
    [Math.floor(seconds / 86_400), "unitDays"],
    [Math.floor(seconds / 3_600) % 24, "unitHours"],
    [Math.floor(seconds / 60) % 60, "unitMinutes"],
    [seconds % 60, "unitSeconds"],
  ] as const;
  const first = parts.findIndex(([value]) => value > 0);
  const shown = parts.slice(first === -1 ? 3 : first).slice(0, 2);
  return shown.map(([value, unit]) => `${value} ${say(unit)}`).join(" ");
}
