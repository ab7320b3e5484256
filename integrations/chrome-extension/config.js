// The product's URL and the embed token of this copy of the extension. The options page can set another token.
export const API_BASE = "{{ public_url }}";
const TOKEN_PAGE = "{{ token_page }}";
const BUILT_IN_TOKEN = "ept_YOUR_TOKEN_HERE";

const TOKEN_FORMAT = /^ept_[0-9A-Za-z]{38}$/;

/**
 * True if `text` has the format of an embed token.
 * @param {string} text
 */
export const isToken = (text) => TOKEN_FORMAT.test(text);

/** The embed token to use, or null if there is none. */
export async function readToken() {
  /** @type {{token?: string}} */
  const { token } = await chrome.storage.local.get("token");
  return token || (isToken(BUILT_IN_TOKEN) ? BUILT_IN_TOKEN : null);
}

/** The URL of the token's page in the dashboard, on which the field for domains already has this extension's origin. */
export const allowPage = () => `${TOKEN_PAGE}?allow=${encodeURIComponent(location.origin)}`;
