/** A rule of access as the API tells it. */
export interface RuleItem {
  readonly source?: string;
  readonly allow?: string;
  readonly deny?: string;
  readonly topics: string | readonly string[];
}

/** What it decides, as a file of rules says it: such as `deny publish`. */
export function decisionOf({ allow, deny }: RuleItem): string {
  return allow === undefined ? `deny ${deny}` : `allow ${allow}`;
}

export function topicsOf({ topics }: RuleItem): string {
  return [topics].flat().join(", ");
}
