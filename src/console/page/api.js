const TOKEN = 'topshelf-console-token';

/** What the console refused or could not do, in its own words. */
export class ProblemError extends Error {
  /**
   * @param {number} status
   * @param {string} title
   * @param {string} detail
   */
  constructor(status, title, detail) {
    super(detail);
    this.status = status;
    this.title = title;
  }
}

/** The token, kept until the tab is closed; null where none was given. */
export const token = {
  get: () => sessionStorage.getItem(TOKEN),
  /** @param {string} text */
  set: (text) => sessionStorage.setItem(TOKEN, text),
  forget: () => sessionStorage.removeItem(TOKEN),
};

/**
 * Reads from the API; with a body it posts that, and the token. Rejects with ProblemError.
 * @template T
 * @param {string} path below /api/placements
 * @param {object} [body]
 * @returns {Promise<T>}
 */
export function call(path, body) {
  if (body === undefined) return send(`/api/placements${path}`);
  const headers = { 'content-type': 'application/json', ...authorization() };
  return send(`/api/placements${path}`, { method: 'POST', headers, body: JSON.stringify(body) });
}

/**
 * Resolves where the console takes the token. Rejects with ProblemError.
 * @returns {Promise<unknown>}
 */
export function tryToken() {
  return send('/api/token', { headers: authorization() });
}

function authorization() {
  return { authorization: `Bearer ${token.get() ?? ''}` };
}

/**
 * @template T
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<T>}
 */
async function send(url, init) {
  const response = await fetch(url, { ...init, cache: 'no-store' }).catch((/** @type {unknown} */ error) => {
    throw new ProblemError(0, 'The console does not answer', `the console does not answer: ${String(error)}`);
  });
  const answer = /** @type {unknown} */ (await response.json().catch(() => ({})));
  if (response.ok) return /** @type {T} */ (answer);
  const { title = 'Failed', detail = `it answered ${response.status}` } =
    /** @type {{ title?: string, detail?: string }} */ (answer);
  // A token that is refused once is refused always: the page asks for another one.
  if (response.status === 401) token.forget();
  throw new ProblemError(response.status, title, detail);
}

/** @param {unknown} error */
export function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
