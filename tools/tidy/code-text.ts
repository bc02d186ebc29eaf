/**
 * Tells code from comments and from the contents of strings, by characters alone. Everything that
 * is blanked becomes spaces, so offsets and lines stay those of the file.
 *
 * It does not parse: a regular expression literal is recognised by what stands before it, which is
 * enough for formatted sources.
 */

/** The text with comments and the contents of string literals blanked; the quotes stay. */
export function codeOnly(text: string): string {
  let out = "";
  let at = 0;
  /** For each open `${`, how many braces are open inside it. */
  const templates: number[] = [];
  const take = (end: number, keep: boolean): void => {
    const piece = text.slice(at, end);
    out += keep ? piece : piece.replace(/[^\n]/g, " ");
    at = end;
  };
  const takeString = (end: number): void => {
    take(at + 1, true);
    take(end - 1, false);
    take(end, true);
  };
  const takeTemplate = (): void => {
    const end = endOfTemplatePart(text, at + 1);
    if (text[end - 1] === "{") templates.push(0);
    takeString(end);
  };

  while (at < text.length) {
    const character = text.charAt(at);
    if (text.startsWith("//", at)) take(endOfLine(text, at), false);
    else if (text.startsWith("/*", at)) take(endOfComment(text, at), false);
    else if (character === '"' || character === "'") takeString(endOfString(text, at));
    else if (character === "`") takeTemplate();
    else if (character === "}" && templates.at(-1) === 0) {
      templates.pop();
      takeTemplate();
    } else if (character === "/" && regularExpressionMayStart(out)) {
      takeString(endOfRegularExpression(text, at));
    } else {
      countBrace(templates, character);
      take(nextMark(text, at + 1), true);
    }
  }
  return out;
}

function countBrace(templates: number[], character: string): void {
  const open = templates.at(-1);
  if (open === undefined) return;
  if (character === "{") templates[templates.length - 1] = open + 1;
  if (character === "}") templates[templates.length - 1] = open - 1;
}

/** Offset of the next character that may begin or end something, so that plain code is one step. */
function nextMark(text: string, from: number): number {
  let at = from;
  while (at < text.length && !"\"'`/{}".includes(text.charAt(at))) at += 1;
  return at;
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf("\n", from);
  return end === -1 ? text.length : end;
}

function endOfComment(text: string, from: number): number {
  const end = text.indexOf("*/", from + 2);
  return end === -1 ? text.length : end + 2;
}

function endOfString(text: string, from: number): number {
  const quote = text.charAt(from);
  let at = from + 1;
  while (at < text.length && text.charAt(at) !== quote && text.charAt(at) !== "\n") {
    at += text.charAt(at) === "\\" ? 2 : 1;
  }
  return Math.min(at + 1, text.length);
}

/** Offset after the closing backtick or after the next `${`. */
function endOfTemplatePart(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    if (text.charAt(at) === "`") return at + 1;
    if (text.startsWith("${", at)) return at + 2;
    at += text.charAt(at) === "\\" ? 2 : 1;
  }
  return text.length;
}

function endOfRegularExpression(text: string, from: number): number {
  let at = from + 1;
  let inClass = false;
  while (at < text.length && text.charAt(at) !== "\n") {
    const character = text.charAt(at);
    if (character === "/" && !inClass) return at + 1;
    if (character === "[") inClass = true;
    if (character === "]") inClass = false;
    at += character === "\\" ? 2 : 1;
  }
  return Math.min(at + 1, text.length);
}

/** After an operand `/` divides; after anything else it opens a regular expression. */
function regularExpressionMayStart(before: string): boolean {
  const last = before.trimEnd();
  return last === "" || /[=(,:[!&|?{};+\-*%<>~^]$|\b(return|case|of|in|typeof)$/.test(last);
}

/** Line number, from 1, of an offset into a text. */
export function lineAt(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at !== -1 && at < offset; at = text.indexOf("\n", at + 1)) {
    line += 1;
  }
  return line;
}
