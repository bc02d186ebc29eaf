/** What is entered in a form, kept while the reader is on other pages. */
import { useStore } from "./store.ts";
import type { Store } from "./store.ts";

/** Changes some fields. */
export type ChangeEntered<Entered> = (fields: Partial<Entered>) => void;

/** Sets one field. */
export type SetEntered<Entered> = <Name extends keyof Entered>(
  name: Name,
) => (value: Entered[Name]) => void;

/** The fields of a form, how each is set, and how some are, for a part of the form. */
export function useEntered<Entered extends object>(
  store: Store<Entered>,
): readonly [Entered, SetEntered<Entered>, ChangeEntered<Entered>] {
  const entered = useStore(store);
  const change = (fields: Partial<Entered>): void => store.set({ ...store.value, ...fields });
  return [entered, setterOf(change), change];
}

export function setterOf<Entered>(change: ChangeEntered<Entered>): SetEntered<Entered> {
  return (name) => (value) => {
    const fields: Partial<Entered> = {};
    fields[name] = value;
    change(fields);
  };
}
