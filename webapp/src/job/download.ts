/**
 * Has the browser save the file at the link; false where the file cannot be
 * had. The browser itself says nothing of a download that does not begin, or
 * shows its error page in place of this one, so one byte is asked for first.
 */
export async function download(url: string | null): Promise<boolean> {
  if (url === null) return false;
  try {
    const answer = await fetch(url, { headers: { Range: 'bytes=0-0' }, cache: 'no-store' });
    await answer.body?.cancel();
    if (!answer.ok) return false;
  } catch {
    return false;
  }
  window.location.assign(url);
  return true;
}
