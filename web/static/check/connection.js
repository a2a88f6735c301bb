/**
 * What the two checks of the connection mean together. Pure.
 *
 * @typedef {import("./checks.js").Answer} Answer
 * @typedef {"good" | "local" | "relayed" | "blocked" | "no_browser"} Connection
 */

/**
 * @param {Pick<Answer, "verdict" | "said">} udp what checkUdp answered
 * @param {Pick<Answer, "verdict" | "said">} turn what checkTurn answered
 * @returns {Connection} `good` and `local` are direct; `blocked` and `no_browser` let no interview through
 */
export function judgeConnection(udp, turn) {
  if (udp.verdict === "good") return udp.said === "local" ? "local" : "good";
  if (turn.verdict === "good") return "relayed";
  return udp.said === "blocked" ? "blocked" : "no_browser";
}
