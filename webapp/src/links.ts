/**
 * Time before its expiry at which a presigned link is no longer used. Links are signed as of up to
 * ten minutes before they are sent (signingWindow in handlers/api/sign.go), so that much of their
 * lifetime may have passed.
 */
const margin = 10 * 60_000 + 30_000;

/** Assumed lifetime of a link that does not state one. */
const usual = 15 * 60_000;

/**
 * Whether a presigned link that was received at `received` is still valid at `now`, both in
 * milliseconds of this device's clock, which may differ from the service's.
 */
export function isFresh(url: string, received: number, now: number): boolean {
  let seconds: string | null = null;
  try {
    seconds = new URL(url, 'http://localhost').searchParams.get('X-Amz-Expires');
  } catch {
    return false;
  }
  const lifetime = seconds !== null && /^\d+$/.test(seconds) ? Number(seconds) * 1000 : usual;
  return now - received < lifetime - margin;
}
