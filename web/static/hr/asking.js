/** Asking the server to change something, with a sentence for the person whatever comes of it. */

/** @typedef {{ok: true, told: any} | {ok: false, sentence: string}} Asked */

const NO_ANSWER = "The server did not answer, so nothing may have changed. Check your connection and try again.";
const SIGNED_OUT = "You are signed out. Nothing was changed. Load the page again and sign in.";

/**
 * @param {string} url
 * @param {string} method
 * @param {object | null} [body] sent as JSON
 * @returns {Promise<Asked>} what the server told, or why it was not done
 */
export async function ask(url, method, body = null) {
  const sent = body === null ? {} : { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const response = await fetch(url, { method, ...sent });
    if (response.ok) return { ok: true, told: response.status === 204 ? null : await response.json() };
    if (response.status === 401) return { ok: false, sentence: SIGNED_OUT };
    return { ok: false, sentence: sentenceOf(await response.json()) };
  } catch {
    return { ok: false, sentence: NO_ANSWER };
  }
}

/**
 * @param {any} problem an RFC 9457 document
 * @returns {string}
 */
export function sentenceOf(problem) {
  const first = problem?.errors?.[0]?.problem;
  if (typeof first === "string") return `${first}. Nothing was changed.`;
  return [problem?.title, problem?.detail].filter((part) => typeof part === "string").map(closed).join(" ");
}

/** @param {string} sentence */
function closed(sentence) {
  return /[.?!]$/.test(sentence) ? sentence : `${sentence}.`;
}
