/** Who is logged in: a bearer token, kept for this tab alone, and sent in a header only. */
import { Store } from "./store.ts";

export interface Holder {
  readonly token: string;
  readonly name: string;
  readonly role: "viewer" | "operator" | "admin";
}

const KEY = "anax.token";

/** Undefined: nobody. */
export const holder: Store<Holder | undefined> = new Store<Holder | undefined>(undefined);
/** False until it is known whether the token of this tab still is. */
export const isSessionKnown: Store<boolean> = new Store(false);

/** Rejects with `ApiError` if the token is not known. */
export async function logIn(token: string): Promise<void> {
  const response = await fetch("api/v1/token", { headers: { authorization: `Bearer ${token}` } });
  const body = (await response.json()) as { error?: string } & Omit<Holder, "token">;
  if (!response.ok) throw new ApiError(response.status, body.error ?? response.statusText);
  sessionStorage.setItem(KEY, token);
  holder.set({ token, name: body.name, role: body.role });
}

/** Forgets the token and all that was seen and entered: the page begins anew. */
export function logOut(): void {
  sessionStorage.clear();
  location.reload();
}

/** Logs in with the token that this tab has, if it has one. */
export async function resumeSession(): Promise<void> {
  const token = sessionStorage.getItem(KEY);
  try {
    if (token !== null) await logIn(token);
  } catch (error) {
    if (error instanceof ApiError) logOut();
  }
  isSessionKnown.set(true);
}

/** Whether the holder may change clients and messages. */
export function mayOperate(): boolean {
  return holder.value !== undefined && holder.value.role !== "viewer";
}

/** What the server answered that is not what was asked for. */
export class ApiError extends Error {
  override readonly name = "ApiError";
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Asks the API. A token that is not known any more logs out. */
export async function request(
  method: string,
  path: string,
  { body, signal }: { body?: unknown; signal?: AbortSignal | undefined } = {},
): Promise<Response> {
  const response = await fetch(`api/v1/${path}`, {
    method,
    headers: {
      authorization: `Bearer ${holder.value?.token ?? ""}`,
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
    ...(signal !== undefined && { signal }),
  });
  if (response.ok) return response;
  if (response.status === 401) logOut();
  throw new ApiError(response.status, await errorOf(response));
}

/** The JSON that a GET is answered with. */
export async function ask<Answer>(path: string, signal?: AbortSignal): Promise<Answer> {
  const response = await request("GET", path, { signal });
  return (await response.json()) as Answer;
}

async function errorOf(response: Response): Promise<string> {
  try {
    return ((await response.json()) as { error: string }).error;
  } catch {
    return response.statusText;
  }
}
