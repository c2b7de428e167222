import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UploadTicket } from '../api.ts';
import { readStorageError, sendPhoto, transferErrorFrom } from './transfer.ts';

const ticket: UploadTicket = { url: 'http://storage/', fields: { key: 'k', policy: 'p' }, expiresAt: '' };

/** Stands in for XMLHttpRequest; the test decides how the request ends. */
class Request extends EventTarget {
  static last: Request;
  readonly upload = new EventTarget();
  status = 0;
  responseText = '';
  sent: FormData | null = null;
  constructor() {
    super();
    Request.last = this;
  }
  open(): void {}
  send(form: FormData): void {
    this.sent = form;
  }
  abort(): void {
    this.dispatchEvent(new Event('abort'));
  }
  answer(status: number, text = ''): void {
    this.status = status;
    this.responseText = text;
    this.dispatchEvent(new Event('load'));
  }
}

describe('sendPhoto', () => {
  afterEach(() => vi.unstubAllGlobals());

  function start(signal = new AbortController().signal) {
    vi.stubGlobal('XMLHttpRequest', Request);
    const progress = vi.fn();
    return { sent: sendPhoto(ticket, new Blob(['x']), progress, signal), progress };
  }

  it('sends the fields first and the file last, and reports progress', async () => {
    const { sent, progress } = start();
    Request.last.upload.dispatchEvent(
      Object.assign(new Event('progress'), { lengthComputable: true, loaded: 1, total: 4 }),
    );
    Request.last.answer(204);
    await sent;
    expect([...(Request.last.sent?.keys() ?? [])]).toEqual(['key', 'policy', 'file']);
    expect(progress).toHaveBeenCalledWith(0.25);
  });

  it('ends with an AbortError when it is canceled', async () => {
    const cancel = new AbortController();
    const { sent } = start(cancel.signal);
    cancel.abort();
    await expect(sent).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('sends nothing when it is already canceled', async () => {
    await expect(start(AbortSignal.abort()).sent).rejects.toMatchObject({ name: 'AbortError' });
  });

  it('reports a lost connection and a refusal', async () => {
    const lost = start();
    Request.last.dispatchEvent(new Event('error'));
    await expect(lost.sent).rejects.toMatchObject({ code: 'network' });
    const refused = start();
    Request.last.answer(400, '<Error><Code>EntityTooLarge</Code></Error>');
    await expect(refused.sent).rejects.toMatchObject({ code: 'EntityTooLarge' });
  });
});

describe('transferErrorFrom', () => {
  const xml = (code: string, message = '') =>
    `<?xml version="1.0"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;

  it('says what to do for each refusal of the storage', () => {
    expect(transferErrorFrom(400, xml('EntityTooLarge')).message).toMatch(/too large/);
    expect(
      transferErrorFrom(403, xml('AccessDenied', 'Invalid according to Policy: Policy expired.')).message,
    ).toMatch(/too long.*boxes are kept/);
    expect(
      transferErrorFrom(403, xml('AccessDenied', 'Invalid according to Policy: Condition failed')).message,
    ).toMatch(/did not accept the photo/);
    expect(transferErrorFrom(503, xml('SlowDown')).message).toMatch(/busy/);
    expect(
      transferErrorFrom(507, xml('InsufficientStorage', 'The service takes no new photos now.')).message,
    ).toBe('The service takes no new photos now.');
    expect(transferErrorFrom(507, xml('InsufficientStorage')).message).toMatch(/full.*boxes are kept/);
    expect(transferErrorFrom(418, xml('Strange')).message).toMatch(/Strange/);
    expect(transferErrorFrom(502, 'bad gateway').message).toMatch(/502/);
  });

  it('finds no code in what is not an error document', () => {
    expect(readStorageError('<html>')).toEqual({ code: '', message: '' });
  });
});
