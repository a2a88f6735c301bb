/**
 * The shapes that travel (docs/protocol.md), and what this page makes of them.
 *
 * @typedef {{version: string, controller: string, contact: string, purpose: string, recipients: string, retention_days: number, rights: string}} Notice
 * @typedef {{video_bps: number, audio_bps: number, audio_target_bps: number}} Limits
 * @typedef {{
 *   session_id: string, state: string, job: {title: string}, candidate: {name: string},
 *   questions: {index: number, text: string}[], notice: Notice, consent: null | {notice_version: string, given_at: string},
 *   microphone_only_allowed: boolean, saved_ms: number, recording: boolean, limits: Limits, ice_servers: RTCIceServer[]
 * }} Interview
 *
 * @typedef {{type: "state", state: string, recording: boolean, current: boolean, part: number | null, saved_ms: number}} StateMessage
 * @typedef {{type: "saved", saved_ms: number, lag_ms: number, recording: boolean}} SavedMessage
 * @typedef {{type: "notice", code: string, text: string}} NoticeMessage
 * @typedef {{type: "ended", reason: string, state: string}} EndedMessage
 * @typedef {{type: "takeover"} | {type: "gap"}} OtherMessage
 * @typedef {StateMessage | SavedMessage | NoticeMessage | EndedMessage | OtherMessage} ControlMessage
 *
 * @typedef {{deviceId: string, label: string}} Device
 * @typedef {{stream: MediaStream, cameras: Device[], microphones: Device[], camera: string, microphone: string}} OpenedDevices
 * @typedef {"insecure_page" | "no_api" | "permission_denied" | "no_device" | "no_camera" | "no_microphone" | "device_busy" | "device_unknown"} DeviceProblem
 * @typedef {DeviceProblem | "link_unknown" | "no_link" | "finished" | "expired" | "withdrawn" | "deleted" | "over_cap" | "not_acceptable" | "notice_changed" | "unreachable" | "server_failed"} Problem
 */
export {};
