// What this copy of the extension was made with; the options page can set another token.
export const API_BASE = "{{ public_url }}";
const MADE_FOR = "ept_YOUR_TOKEN_HERE";

const TOKEN = /^ept_[0-9A-Za-z]{38}$/;

/** Whether `text` has the shape of an embed token. */
export const isToken = (text) => TOKEN.test(text);

/** The embed token to use, or null while there is none. */
export async function readToken() {
  const { token } = await chrome.storage.local.get("token");
  return token || (isToken(MADE_FOR) ? MADE_FOR : null);
}
