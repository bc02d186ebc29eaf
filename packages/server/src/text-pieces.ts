/** Whether a text is these pieces in a row, with any characters between them: of `a*b` they are `a` and `b`. */
export function matchesPieces(text: string, [head = "", ...pieces]: readonly string[]): boolean {
  const tail = pieces.pop();
  if (tail === undefined) return text === head;
  if (text.length < head.length + tail.length) return false;
  if (!text.startsWith(head) || !text.endsWith(tail)) return false;
  let at = head.length;
  const end = text.length - tail.length;
  for (const piece of pieces) {
    const found = text.indexOf(piece, at);
    if (found < 0 || found + piece.length > end) return false;
    at = found + piece.length;
  }
  return true;
}
