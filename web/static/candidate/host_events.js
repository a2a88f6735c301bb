/**
 * Tells the page around an iframe what happens in it. Only sites that the settings name hear it; what a candidate says or
 * writes is never in it.
 */

/**
 * @param {Window} window
 * @param {string[]} origins whom the settings name
 * @returns {(flow: import("./flow.js").Flow) => void} call it with every state
 */
export function hostEvents(window, origins) {
  if (window.parent === window || origins.length === 0) return () => undefined;
  let told = "";
  return (flow) => {
    const event = {
      source: "holdfast", type: "status", session_id: flow.interview?.session_id ?? null,
      screen: flow.screen, recording: flow.recording, saved_ms: flow.savedMs, trouble: flow.trouble, problem: flow.problem,
      question: flow.questions.place?.question ?? null, step: flow.questions.place?.step ?? null,
    };
    const text = JSON.stringify(event);
    if (text === told) return;
    told = text;
    // A browser delivers it only where the page around us is of that origin.
    for (const origin of origins) window.parent.postMessage(event, origin);
  };
}
