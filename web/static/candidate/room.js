/**
 * Carries out what the flow commands, and tells the flow what came of it. The one place that holds the camera, the peer
 * connection and the control channel.
 *
 * @typedef {import("./flow.js").FlowEvent} FlowEvent
 * @typedef {import("./flow.js").Command} Command
 *
 * @typedef {object} Parts what the room is given
 * @property {import("./credentials.js").Credentials} credentials
 * @property {import("./view.js").RoomView} view
 * @property {Pick<Window, "location" | "performance" | "crypto"> & {navigator: Navigator}} window
 * @property {import("./wake_lock.js").WakeLock} wakeLock
 */

import { ApiProblem, InterviewApi, loadProblem } from "./api.js";
import { ControlChannel } from "./control_channel.js";
import { DeviceError, closeStream, openDevices } from "./devices.js";
import { START, reduce } from "./flow.js";
import { LevelMeter } from "./level_meter.js";
import { publishRefusal } from "./refusals.js";
import { WhipClient } from "./whip_client.js";

/** How often the flow is asked whether something is overdue. */
const TICK_MS = 250;

/** The candidate's room. */
export class Room {
  /** @param {Parts} parts */
  constructor({ credentials, view, window, wakeLock }) {
    this.credentials = credentials;
    this.view = view;
    this.window = window;
    this.wakeLock = wakeLock;
    this.api = new InterviewApi(credentials);
    this.control = new ControlChannel(credentials, {
      onMessage: (message) => this.dispatch({ type: "told", message, now: this.now() }),
      onRefused: (problem) => this.dispatch({ type: "control_refused", problem }),
    });
    this.meter = new LevelMeter({ onLevel: (level) => view.devices.showLevel(level), onHeard: () => this.dispatch({ type: "heard" }) });
    this.flow = START;
    this.clientId = this.#newClientId();
    this.wish = { camera: "", microphone: "" };
    /** @type {MediaStream | null} */
    this.stream = null;
    /** @type {WhipClient | null} */
    this.whip = null;
    setInterval(() => this.dispatch({ type: "tick", now: this.now() }), TICK_MS);
  }

  /** Milliseconds of a clock that never goes back. */
  now() {
    return this.window.performance.now();
  }

  /** @param {FlowEvent} event */
  dispatch(event) {
    const [flow, commands] = reduce(this.flow, event);
    if (flow === this.flow && commands.length === 0) return;
    this.flow = flow;
    this.view.render(flow);
    for (const command of commands) this.#carryOut(command);
  }

  /** Ask the server which interview this is. */
  async load() {
    try {
      this.dispatch({ type: "loaded", interview: await this.api.load() });
    } catch (error) {
      this.dispatch({ type: "load_failed", problem: loadProblem(error) });
    }
  }

  /** @param {{camera: string, microphone: string}} wish device ids */
  choose(wish) {
    this.wish = wish;
    this.dispatch({ type: "device_chosen" });
  }

  /** The page goes away: tell the server at once, so that the part is closed now. */
  leave() {
    this.whip?.leave();
    this.control.close();
  }

  /** @param {Command} command */
  #carryOut(command) {
    switch (command) {
      case "give_consent": return void this.#giveConsent();
      case "open_devices": return void this.#openDevices();
      case "close_devices": return this.#closeDevices();
      case "open_control": return this.control.open(this.clientId);
      case "close_control": return this.control.close();
      case "publish": return void this.#publish();
      case "stop_publishing": return this.#stopPublishing();
      case "stay_awake": return void this.wakeLock.hold();
      case "let_sleep": return void this.wakeLock.release();
      case "finish": return void this.#finish();
      case "stop_meter": return this.meter.stop();
      case "renew_client": this.clientId = this.#newClientId(); return undefined;
      case "reload": return this.window.location.reload();
      default: throw new Error(`No such command: ${String(command)}`);
    }
  }

  async #giveConsent() {
    try {
      const interview = await this.api.consent(this.flow.interview?.notice.version ?? "");
      this.dispatch({ type: "consented", interview });
    } catch (error) {
      this.dispatch({ type: "consent_failed", problem: loadProblem(error) });
    }
  }

  async #openDevices() {
    // Many phones cannot open a second camera while the first is open.
    this.#closeDevices();
    try {
      const only = this.flow.soundOnly ? { only: /** @type {const} */ ("microphone") } : {};
      this.#devicesOpened(await openDevices(this.window.navigator.mediaDevices, { ...this.wish, ...only }));
    } catch (error) {
      if (!(error instanceof DeviceError)) throw error;
      this.wish = { camera: "", microphone: "" };
      this.dispatch({ type: "devices_failed", problem: error.problem });
    }
  }

  /** @param {import("./types.js").OpenedDevices} opened */
  #devicesOpened(opened) {
    if (this.flow.devices !== "opening") return closeStream(opened.stream); // taken over while the browser asked
    this.stream = opened.stream;
    for (const track of opened.stream.getTracks()) {
      track.onended = () => this.dispatch({ type: "track_ended", kind: track.kind === "video" ? "camera" : "microphone" });
    }
    this.view.showStream(opened.stream);
    this.view.devices.showChoices(opened);
    if (this.flow.screen === "devices") this.meter.start(opened.stream);
    return this.dispatch({ type: "devices_opened", hasPicture: opened.stream.getVideoTracks().length > 0 });
  }

  #closeDevices() {
    this.meter.stop();
    closeStream(this.stream);
    this.stream = null;
    this.view.showStream(null);
  }

  async #publish() {
    this.#stopPublishing();
    const { interview } = this.flow;
    if (this.stream === null || interview === null) return;
    const whip = new WhipClient({
      endpoint: `/whip/${encodeURIComponent(this.credentials.sessionId)}`,
      token: this.credentials.token,
      clientId: this.clientId,
      iceServers: interview.ice_servers,
      limits: interview.limits,
      onState: (peer) => this.dispatch({ type: "peer_changed", peer, now: this.now() }),
    });
    this.whip = whip;
    try {
      await whip.publish(this.stream);
    } catch (error) {
      if (whip.closed) return; // given up meanwhile: its end is no news
      this.dispatch({ type: "publish_refused", ...publishRefusal(error), now: this.now() });
    }
  }

  #stopPublishing() {
    this.whip?.close();
    this.whip = null;
  }

  async #finish() {
    try {
      this.dispatch({ type: "finished", interview: await this.api.finish() });
    } catch (error) {
      const isEmpty = error instanceof ApiProblem && error.type === "nothing-recorded";
      this.dispatch({ type: "finish_failed", why: isEmpty ? "nothing_recorded" : "unreachable" });
    }
  }

  #newClientId() {
    return Array.from(this.window.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
