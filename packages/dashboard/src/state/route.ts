/** Where the reader is: the part of the address behind `#`. */
import { Store } from "./store.ts";

export interface Place {
  /** Such as `clients`. */
  readonly page: string;
  /** What stands behind it, such as a Client Identifier. */
  readonly argument: string | undefined;
}

export const place: Store<Place> = new Store(placeNow());

export function startPlaces(): void {
  addEventListener("hashchange", () => place.set(placeNow()));
}

function placeNow(): Place {
  const [page = "", argument] = location.hash.replace(/^#\/?/, "").split("/");
  return {
    page: page === "" ? "overview" : page,
    argument: argument === undefined ? undefined : decodeURIComponent(argument),
  };
}

/** The address of one client's page. */
export function clientAddress(clientId: string): string {
  return `#/client/${encodeURIComponent(clientId)}`;
}
