/** When a page is back: on the network, in front, or out of a freeze or the back/forward cache. */

/** `resume` and `visibilitychange` are told to the document, which a listener of the capturing phase sees from outside. */
const NAMES = ["online", "pageshow", "resume", "visibilitychange"] as const;

/** Calls each time the page is back; what it gives ends that. Does nothing where there is no page. */
export function onPageReturn(callback: () => void): () => void {
  if (typeof addEventListener !== "function") return () => {};
  const listen = ({ target }: Event): void => {
    const isHidden =
      target instanceof Object && Reflect.get(target, "visibilityState") === "hidden";
    if (!isHidden) callback();
  };
  for (const name of NAMES) addEventListener(name, listen, true);
  return () => {
    for (const name of NAMES) removeEventListener(name, listen, true);
  };
}
