/** The statements of the standards, and the waivers, as the files in `statements/` list them. */
import { readFileSync } from "node:fs";

import type { Version } from "../wire/notation.ts";

/** Who must obey a statement. */
export type Obliged = "server" | "client" | "both" | "sender" | "receiver";

/** One normative statement. */
export interface Statement {
  readonly version: Version;
  /** `MQTT-…` as the standard numbers it, `U-…` for what it demands without a number. */
  readonly id: string;
  readonly section: string;
  readonly who: Obliged;
  readonly text: string;
}

/**
 * Why a statement has no test: it grants a freedom that Anax does not use, or nothing on the wire
 * shows whether it is obeyed.
 */
export type WaiverKind = "not-used" | "not-observable";

/** Everybody whom the statement obliges, or one of them while the other is tested. */
export type WaivedSide = "all" | "server" | "client";

/** A statement without a test, and the reason. */
export interface Waiver {
  readonly version: Version;
  readonly id: string;
  /** Whose part of the statement is waived. */
  readonly side: WaivedSide;
  readonly kind: WaiverKind;
  readonly reason: string;
}

const FILES: readonly (readonly [file: string, version: Version])[] = [
  ["mqtt-5.0.tsv", "5.0"],
  ["unnumbered-5.0.tsv", "5.0"],
  ["mqtt-3.1.1.tsv", "3.1.1"],
];

/** All statements, in the order of their files. Throws `TypeError` for a line that is not one. */
export function readStatements(folder: URL): readonly Statement[] {
  return FILES.flatMap(([file, version]) =>
    readRows(new URL(file, folder), 4).map(([id = "", section = "", who = "", text = ""]) => {
      if (!isObliged(who)) throw new TypeError(`${file}: ${id} obliges ${JSON.stringify(who)}`);
      return { version, id, section, who, text };
    }),
  );
}

/** All waivers. Throws `TypeError` for a line that is not one. */
export function readWaivers(folder: URL): readonly Waiver[] {
  const rows = readRows(new URL("waivers.tsv", folder), 5);
  return rows.map(([version = "", id = "", side = "", kind = "", reason = ""]) => {
    if (!isVersion(version) || !isWaivedSide(side) || !isWaiverKind(kind) || reason === "") {
      throw new TypeError(`waivers.tsv: ${id} is no waiver`);
    }
    return { version, id, side, kind, reason };
  });
}

function readRows(file: URL, columns: number): readonly string[][] {
  const lines = readFileSync(file, "utf8").trimEnd().split("\n").slice(1);
  return lines.map((line) => {
    const row = line.split("\t");
    if (row.length !== columns) throw new TypeError(`${file.pathname}: not ${columns} in ${line}`);
    return row;
  });
}

function isObliged(text: string): text is Obliged {
  return ["server", "client", "both", "sender", "receiver"].includes(text);
}

function isVersion(text: string): text is Version {
  return text === "5.0" || text === "3.1.1";
}

function isWaivedSide(text: string): text is WaivedSide {
  return ["all", "server", "client"].includes(text);
}

function isWaiverKind(text: string): text is WaiverKind {
  return text === "not-used" || text === "not-observable";
}
