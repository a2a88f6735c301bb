/**
 * The shapes that travel (docs/protocol.md), and what this page makes of them.
 *
 * @typedef {{version: string, language: string, title: string, passages: {title: string, text: string}[], acknowledgement: string, legal_basis: string, controller: string, contact: string, purpose: string, recipients: string, retention_days: number, rights: string}} Notice
 * @typedef {{video_bps: number, audio_bps: number, audio_target_bps: number}} Limits
 * @typedef {{index: number, text: string, think_ms: number | null, answer_ms: number | null, max_takes: number, optional: boolean, sound_url: string | null}} Question
 * @typedef {"before" | "thinking" | "answering" | "answered" | "paused" | "done"} Step
 * @typedef {"begin" | "start_answer" | "end_answer" | "retake" | "choose_take" | "next" | "skip" | "pause" | "resume"} Wish what the candidate may ask the server for
 * @typedef {{
 *   revision: number, step: Step, question: number, questions: number, take: number, takes_left: number, takes: {number: number, chosen: boolean}[],
 *   think_limit_ms: number | null, think_used_ms: number, answer_limit_ms: number | null, answer_used_ms: number,
 *   counting: boolean, can: string[], by_itself: boolean, paused_step: Step | null
 * }} Place where the candidate is in their questions, as the server says
 * @typedef {{
 *   session_id: string, state: string, job: {title: string}, candidate: {name: string},
 *   questions: Question[], notice: Notice, consent: null | {notice_version: string, given_at: string},
 *   microphone_only_allowed: boolean, saved_ms: number, saved_bytes?: number, recording: boolean, limits: Limits, ice_servers: RTCIceServer[],
 *   flow?: Place | null, answers_only?: boolean, deadline_at?: string | null, help_contact?: string | null, ended_at?: string | null, end_reason?: string | null, away_ms?: number | null
 * }} Interview
 *
 * @typedef {{type: "state", state: string, recording: boolean, current: boolean, part: number | null, saved_ms: number, away_ms?: number | null}} StateMessage
 * @typedef {{type: "saved", saved_ms: number, lag_ms: number, recording: boolean, part: number | null, used_ms?: number, counting?: boolean}} SavedMessage
 * @typedef {{type: "flow"} & Place} FlowMessage
 * @typedef {{type: "refused", id: string | null, reason: string, text: string}} RefusedMessage
 * @typedef {{type: "notice", code: string, text: string}} NoticeMessage
 * @typedef {{type: "ended", reason: string, state: string}} EndedMessage
 * @typedef {{type: "takeover"} | {type: "gap"}} OtherMessage
 * @typedef {StateMessage | SavedMessage | FlowMessage | RefusedMessage | NoticeMessage | EndedMessage | OtherMessage} ControlMessage
 *
 * @typedef {{type: "do", id: string, event: Wish, take: number | null, revision: number, at: number}} DoMessage
 * @typedef {DoMessage | {type: "shown", revision: number, at: number} | {type: "clock", at: number}} PageMessage
 *
 * @typedef {{deviceId: string, label: string}} Device
 * @typedef {{stream: MediaStream, cameras: Device[], microphones: Device[], camera: string, microphone: string}} OpenedDevices
 * @typedef {"insecure_page" | "no_api" | "permission_denied" | "no_device" | "no_camera" | "no_microphone" | "device_busy" | "device_unknown"} DeviceProblem
 * @typedef {DeviceProblem | "link_unknown" | "no_link" | "finished" | "expired" | "withdrawn" | "deleted" | "over_cap" | "not_acceptable" | "notice_changed" | "unreachable" | "server_failed"} Problem
 */
export {};
