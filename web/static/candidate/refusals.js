/** What a refused WHIP POST means to the page. Pure. */

import { ApiProblem } from "./api.js";

/**
 * @param {unknown} error what publishing failed with
 * @returns {{why: Extract<import("./flow.js").FlowEvent, {type: "publish_refused"}>["why"], retryAfterMs: number | null}}
 */
export function publishRefusal(error) {
  // Without an answer from the server it is this browser that cannot make an offer or take the answer.
  if (!(error instanceof ApiProblem)) return { why: "not_acceptable", retryAfterMs: null };
  return { why: reason(error), retryAfterMs: error.retryAfterMs };
}

/** @param {ApiProblem} problem */
function reason({ status, type }) {
  switch (status) {
    case 0: return "unreachable";
    case 401: case 404: return "link_unknown";
    case 400: case 413: case 415: case 422: return "not_acceptable";
    // Any other 403 is a filter's between here and the server: reading the notice again would change nothing, and
    // would ask the person to press the same buttons for ever.
    case 403: return type === "consent-missing" ? "consent_missing" : "server_failed";
    case 409: return type === "superseded" ? "superseded" : "finished";
    case 429: case 503: return "busy";
    case 507: return "disk_full";
    default: return "server_failed";
  }
}
