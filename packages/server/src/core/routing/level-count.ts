/** Levels of a Topic Name or Topic Filter. Counted in place: there may be tens of thousands. */
export function levelCount(topic: string): number {
  let count = 1;
  for (let at = topic.indexOf("/"); at !== -1; at = topic.indexOf("/", at + 1)) count += 1;
  return count;
}
