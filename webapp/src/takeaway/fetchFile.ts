/** A file that the storage does not give, with its HTTP status; 0 without a response. */
export class FetchError extends Error {
  override readonly name = 'FetchError';

  constructor(readonly status: number) {
    super(status === 0 ? 'no response' : `status ${status}`);
  }
}

/** Called with the number of bytes that have arrived since the last call. */
export type Received = (bytes: number) => void;

/**
 * Fetches a file of the bucket by any of its links. The browser's cache takes no part: it can hold
 * the response to a download or a picture of the same link, which a page may not read, because S3
 * sends Access-Control-Allow-Origin only to a request with an Origin. Rejects with a FetchError, or
 * with the signal's reason.
 */
export async function fetchFile(link: string, received: Received, signal: AbortSignal): Promise<Blob> {
  try {
    const response = await fetch(link, { cache: 'no-store', signal });
    if (!response.ok) {
      await response.body?.cancel();
      throw new FetchError(response.status);
    }
    return await bodyOf(response, received);
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof FetchError ? error : new FetchError(0);
  }
}

/** Rejects if the connection breaks: the response has the header Content-Length. */
async function bodyOf(response: Response, received: Received): Promise<Blob> {
  const parts: BlobPart[] = [];
  const reader = response.body?.getReader();
  for (;;) {
    const { value } = (await reader?.read()) ?? {};
    if (!value) break;
    parts.push(value);
    received(value.byteLength);
  }
  return new Blob(parts, { type: response.headers.get('Content-Type') ?? '' });
}
