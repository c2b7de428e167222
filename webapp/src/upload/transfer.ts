import type { UploadTicket } from '../api.ts';

/** Why the storage refused the photo, in words for the user. */
export class TransferError extends Error {
  override readonly name = 'TransferError';
  constructor(
    message: string,
    /** The error code of S3, or "network". */
    readonly code: string,
  ) {
    super(message);
  }
}

/** Parses the code and message of S3's XML error document. */
export function readStorageError(xml: string): { code: string; message: string } {
  const part = (tag: string): string => new RegExp(`<${tag}>([^<]*)</${tag}>`).exec(xml)?.[1]?.trim() ?? '';
  return { code: part('Code'), message: part('Message') };
}

/** Translates the storage's refusal into what the user can do. */
export function transferErrorFrom(status: number, body: string): TransferError {
  const { code, message } = readStorageError(body);
  switch (code) {
    case 'EntityTooLarge':
      return new TransferError(
        'The photo is larger than the service takes. Save it smaller and choose it again.',
        code,
      );
    case 'EntityTooSmall':
      return new TransferError('The photo arrived empty. Choose it again.', code);
    case 'AccessDenied':
      return /expired/i.test(message)
        ? new TransferError(
            'The permission to upload expired before the photo was sent. Try again; your boxes are kept.',
            code,
          )
        : new TransferError(
            'The storage refused the photo because it is not the announced file. Try again.',
            code,
          );
    case 'RequestTimeout':
      return new TransferError('The upload stopped halfway. Check the connection and try again.', code);
    case 'InsufficientStorage':
      return new TransferError(message || 'The storage is full. Try again later; your boxes are kept.', code);
    case 'SlowDown':
    case 'ServiceUnavailable':
    case 'InternalError':
      return new TransferError('The storage is busy. Try again in a minute; your boxes are kept.', code);
    default:
      return new TransferError(
        `The storage refused the photo (${code || status}). Try again; your boxes are kept.`,
        code || String(status),
      );
  }
}

/**
 * Posts the photo with the ticket's form: all fields first, the file last. `progress` gets the
 * fraction sent, 0 to 1. Aborting rejects with an AbortError.
 */
export function sendPhoto(
  ticket: UploadTicket,
  photo: Blob,
  progress: (share: number) => void,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): DOMException => new DOMException('The upload was canceled.', 'AbortError');
    if (signal.aborted) {
      reject(aborted());
      return;
    }
    const form = new FormData();
    for (const [name, value] of Object.entries(ticket.fields)) form.append(name, value);
    form.append('file', photo);

    const request = new XMLHttpRequest();
    const cancel = (): void => request.abort();
    signal.addEventListener('abort', cancel, { once: true });
    request.upload.addEventListener('progress', (event) => {
      if (event.lengthComputable && event.total > 0) progress(event.loaded / event.total);
    });
    request.addEventListener('loadend', () => signal.removeEventListener('abort', cancel));
    request.addEventListener('load', () => {
      if (request.status >= 200 && request.status < 300) resolve();
      else reject(transferErrorFrom(request.status, request.responseText));
    });
    request.addEventListener('error', () =>
      reject(
        new TransferError(
          'The photo could not be sent. Check the connection and try again; your boxes are kept.',
          'network',
        ),
      ),
    );
    request.addEventListener('abort', () => reject(aborted()));
    request.open('POST', ticket.url);
    request.send(form);
  });
}
