/**
 * Makes the browser save the file at the link; false if the file cannot be fetched. The browser
 * does not report a download that fails to start, or replaces this page with its error page, so one
 * byte is requested first.
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
