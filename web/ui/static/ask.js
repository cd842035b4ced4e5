// The one way in which scripts of our pages ask the server: with the CSRF token, and with the
// server's own words when it refuses.

/** What went wrong, in words for the person; `status` is 0 when the server cannot be reached. */
export class Refused extends Error {
  /** @param {string} message @param {number} status */
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

/**
 * Send a request and give the answer. A person who is signed out is led to sign in again.
 *
 * @param {string} method
 * @param {string} path
 * @param {{body?: unknown, part?: boolean, quiet?: boolean, keepalive?: boolean}} [options]
 *   part: ask for the piece of the page, not for values; quiet: this is no sign of activity.
 * @returns {Promise<Response>} an answer below 400
 */
export async function ask(method, path, { body, part = false, quiet = false, keepalive = false } = {}) {
  /** @type {Record<string, string>} */
  const headers = { Accept: part ? "text/html" : "application/json", "X-CSRF-Token": token() };
  if (part) headers["HX-Request"] = "true";
  if (quiet) headers["X-Live"] = "1";
  if (body !== undefined) headers["Content-Type"] = "application/json";
  const sent = body === undefined ? undefined : JSON.stringify(body);
  const answer = await fetch(path, { method, headers, keepalive, body: sent });
  if (answer.status === 401) location.reload();
  if (answer.ok) return answer;
  const content = await answer.json().catch(() => ({}));
  throw new Refused(content.error?.message || `The server answered ${answer.status}.`, answer.status);
}

/** The CSRF token of this page. */
export function token() {
  const tag = /** @type {HTMLMetaElement | null} */ (document.querySelector('meta[name="csrf-token"]'));
  return tag?.content ?? "";
}
