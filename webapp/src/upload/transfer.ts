import type { UploadTicket } from '../api.ts';
import { texts } from '../texts/texts.ts';
import { TransferError } from './TransferError.ts';

const words = texts.upload.transfer;

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
      return new TransferError(words.tooLarge, code);
    case 'EntityTooSmall':
      return new TransferError(words.empty, code);
    case 'AccessDenied':
      return new TransferError(/expired/i.test(message) ? words.expired : words.denied, code);
    case 'RequestTimeout':
      return new TransferError(words.timedOut, code);
    case 'InsufficientStorage':
      return new TransferError(message || words.full, code);
    case 'SlowDown':
    case 'ServiceUnavailable':
    case 'InternalError':
      return new TransferError(words.busy, code);
    default:
      return new TransferError(words.refused(code || String(status)), code || String(status));
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
    const aborted = (): DOMException => new DOMException(words.canceled, 'AbortError');
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
    request.addEventListener('error', () => reject(new TransferError(words.network, 'network')));
    request.addEventListener('abort', () => reject(aborted()));
    request.open('POST', ticket.url);
    request.send(form);
  });
}
