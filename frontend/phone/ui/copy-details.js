/** What somebody who helps wants to know, for the clipboard. */
export async function copyDetails({ message, code, fix }, { navigator, window, now }) {
  const time = new Date(now()).toISOString();
  const lines = [`${message} (${code})`, fix ?? "", window.location.origin, navigator.userAgent, time];
  try {
    await navigator.clipboard.writeText(lines.join("\n"));
    return true;
  } catch {
    // A page or a frame may forbid the clipboard; the words are on the screen all the same.
    return false;
  }
}
