/**
 * Declining, and withdrawing at any later moment. Pure, like flow.js: the camera goes off with the press, whatever the
 * server says afterwards.
 *
 * @typedef {import("./flow.js").Flow} Flow
 * @typedef {import("./flow.js").Command} Command
 *
 * @typedef {object} Withdrawal
 * @property {"asking" | "sending" | "failed" | "done"} step
 * @property {boolean} declined nobody had agreed to be recorded
 * @property {string | null} at when the server wrote it down
 * @property {boolean} erased nothing that was recorded is stored any more
 */

/** @param {Flow} flow @returns {[Flow, Command[]]} */
export function asked(flow) {
  if (flow.interview === null) return [flow, []];
  const declined = flow.interview.consent === null;
  return [{ ...flow, withdrawal: { step: "asking", declined, at: null, erased: false } }, []];
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
export function cancelled(flow) {
  return flow.withdrawal?.step === "asking" ? [{ ...flow, withdrawal: null }, []] : [flow, []];
}

/**
 * @param {Flow} flow
 * @param {Partial<Flow>} stopped what is so once nothing is sent any more
 * @param {Command[]} letGo how that comes about
 * @returns {[Flow, Command[]]}
 */
export function confirmed(flow, stopped, letGo) {
  const { withdrawal } = flow;
  if (withdrawal === null || withdrawal.step === "sending" || withdrawal.step === "done") return [flow, []];
  return [{ ...flow, ...stopped, screen: "withdrawn", withdrawal: { ...withdrawal, step: "sending" } }, [...letGo, "withdraw"]];
}

/**
 * @param {Flow} flow
 * @param {{withdrawn_at: string, declined: boolean, erased: boolean}} told
 * @returns {[Flow, Command[]]}
 */
export function withdrawn(flow, { withdrawn_at: at, declined, erased }) {
  return [{ ...flow, withdrawal: { step: "done", declined, at, erased } }, []];
}

/** @param {Flow} flow @returns {[Flow, Command[]]} */
export function failed(flow) {
  return flow.withdrawal === null ? [flow, []] : [{ ...flow, withdrawal: { ...flow.withdrawal, step: "failed" } }, []];
}

/**
 * What a page shows that is opened after the interview was withdrawn.
 * @param {import("./types.js").Interview} interview
 * @returns {Withdrawal}
 */
export function before(interview) {
  return { step: "done", declined: interview.end_reason === "declined", at: interview.ended_at ?? null, erased: interview.saved_ms === 0 };
}
