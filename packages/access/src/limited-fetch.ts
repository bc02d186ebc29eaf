/** HTTP for back ends that may be slow, gone, or wrong: nothing is waited for without end, nothing is read without end. */

/** A request, and what is taken as an answer. */
export interface LimitedRequest {
  readonly method: "GET" | "POST";
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  /** Bytes of an answer's body. */
  readonly bytesMax: number;
}

/** What came back. */
export interface LimitedAnswer {
  readonly status: number;
  readonly body: string;
}

/**
 * Asks `url`. Redirects are not followed: who may answer is what the operator wrote. Rejects, in words without the request's
 * content, if there is no whole answer in time.
 */
export async function limitedFetch(url: URL, request: LimitedRequest): Promise<LimitedAnswer> {
  const { method, headers, body, timeoutMs, bytesMax } = request;
  try {
    const response = await fetch(url, {
      method,
      redirect: "manual",
      signal: AbortSignal.timeout(timeoutMs),
      ...(headers !== undefined && { headers }),
      ...(body !== undefined && { body }),
    });
    return { status: response.status, body: await textOf(response, bytesMax) };
  } catch (cause) {
    throw new Error(`${url.origin}: ${problemOf(cause, timeoutMs)}`, { cause });
  }
}

async function textOf(response: Response, bytesMax: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  if (response.body === null) return "";
  // Leaving the loop ends the transfer.
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw new Error(`the answer has more than ${bytesMax} bytes`);
    chunks.push(chunk);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(chunks));
}

function problemOf(error: unknown, timeoutMs: number): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === "TimeoutError") return `no answer in ${timeoutMs} ms`;
  // "fetch failed" says nothing; its cause does.
  const { cause } = error;
  return cause instanceof Error && cause.message !== "" ? cause.message : error.message;
}
