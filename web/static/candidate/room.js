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
 * @property {Window} window
 * @property {import("./wake_lock.js").WakeLock} wakeLock
 */

import { ApiProblem, InterviewApi, loadProblem } from "./api.js";
import { wallClock } from "./clock.js";
import { Connections } from "./connections.js";
import { linesOf, linesOfTheEnd } from "./console_lines.js";
import { ControlChannel } from "./control_channel.js";
import { isAllowed, watchNetwork, watchTracks } from "./device_watch.js";
import { DeviceError, closeStream, openDevices } from "./devices.js";
import { START, reduce } from "./flow.js";
import { LevelMeter } from "./level_meter.js";
import { following } from "./preparation.js";
import { QuestionSound } from "./question_sound.js";
import { isSilenced } from "./questions.js";

/** How often the flow is asked whether something is overdue. */
const TICK_MS = 250;
/** What the relay is asked with runs out; older than this it is fetched again before a connection is made. */
const STALE_MS = 30 * 60_000;

/** The candidate's room. */
export class Room {
  /** @param {Parts} parts */
  constructor({ credentials, view, window, wakeLock }) {
    this.credentials = credentials;
    this.view = view;
    this.window = window;
    this.wakeLock = wakeLock;
    this.api = new InterviewApi(credentials, view.document.documentElement.lang);
    this.control = new ControlChannel(credentials, {
      onMessage: (message) => this.dispatch({ type: "told", message, now: this.now(), at: wallClock() }),
      onRefused: (problem) => this.dispatch({ type: "control_refused", problem }),
    });
    this.meter = new LevelMeter({ onLevel: (level) => view.devices.showLevel(level), onHeard: () => this.dispatch({ type: "heard" }) });
    this.sound = new QuestionSound(credentials, (state) => view.interview.question.showSound(state));
    this.flow = START;
    this.loadedAt = 0;
    this.clientId = this.#newClientId();
    this.wish = { camera: "", microphone: "" };
    /** @type {MediaStream | null} */
    this.stream = null;
    this.connections = new Connections(credentials, {
      onState: (n, peer) => this.dispatch({ type: "peer_changed", n, peer, now: this.now() }),
      onRefused: (n, refusal) => this.dispatch({ type: "publish_refused", n, ...refusal, now: this.now() }),
      onReport: (n, report) => this.dispatch({ type: "report_heard", n, report, now: this.now() }),
    });
    watchNetwork(window, () => this.dispatch({ type: "network_changed" }));
    setInterval(() => this.dispatch({ type: "tick", now: this.now(), at: wallClock() }), TICK_MS);
  }

  /** Milliseconds of a clock that never goes back. */
  now() {
    return this.window.performance.now();
  }

  /** @param {FlowEvent} event */
  dispatch(event) {
    const [flow, commands] = reduce(this.flow, event);
    if (flow === this.flow && commands.length === 0) return;
    const [before, after] = [this.flow, flow].map(({ screen, questions }) => `${screen} ${questions.place?.question} ${questions.place?.step === "answering"}`);
    if (before !== after) this.sound.stop();
    const lines = linesOf(this.flow, flow);
    const isNowOver = flow.screen === "thanks" && this.flow.screen !== "thanks";
    this.flow = flow;
    if (lines.length > 0) this.#log(lines);
    if (isNowOver) void this.#logTheEnd(event);
    this.#silence(flow.publishing && isSilenced(flow.questions));
    this.view.render(flow);
    for (const command of commands) this.#carryOut(command);
  }

  /** @param {string[]} lines */
  #log(lines) {
    for (const line of lines) console.info(line);
  }

  /** @param {FlowEvent} event what ended it: the answer to this page's own request, or the server's word */
  async #logTheEnd(event) {
    try {
      this.#log(linesOfTheEnd(event.type === "finished" ? event.interview : await this.api.load()));
    } catch {
      // What the server has not confirmed is not said.
    }
  }

  /** While the interview is paused nothing leaves this device, also over a connection that stands. @param {boolean} isSilent */
  #silence(isSilent) {
    for (const track of this.stream?.getTracks() ?? []) {
      if (track.enabled === isSilent) track.enabled = !isSilent;
    }
  }

  /** Ask the server which interview this is. */
  async load() {
    try {
      const interview = await this.api.load();
      this.loadedAt = this.now();
      this.dispatch({ type: "loaded", interview, now: this.loadedAt });
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
    this.connections.leave();
    this.control.close();
  }

  /** @param {Command} command */
  #carryOut(command) {
    if (typeof command === "object") return this.control.send(command);
    switch (command) {
      case "load": return void this.load();
      case "give_consent": return void this.#giveConsent();
      case "open_devices": return void this.#openDevices();
      case "open_devices_if_allowed": return void this.#openIfAllowed();
      case "close_devices": return this.#closeDevices();
      case "open_control": return this.control.open(this.clientId);
      case "close_control": return this.control.close();
      case "publish": return void this.#publish();
      case "close_dropped": return this.connections.closeAllBut([this.flow.link?.n, this.flow.spare?.n]);
      case "stop_publishing": return this.connections.closeAllBut([]);
      case "tell_shown": return this.#tellShown();
      case "stay_awake": return void this.wakeLock.hold();
      case "let_sleep": return void this.wakeLock.release();
      case "finish": return void this.#finish();
      case "withdraw": return void this.#withdraw();
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

  async #openIfAllowed() {
    if (await isAllowed(this.window.navigator)) this.dispatch({ type: "turn_on_pressed" });
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
    watchTracks(opened.stream, (kind, is) => {
      if (this.stream === opened.stream) this.dispatch({ type: "track_changed", kind, is });
    });
    this.view.showStream(opened.stream);
    this.view.devices.showChoices(opened);
    if (following(this.flow.screen) !== null && !this.flow.resuming) this.meter.start(opened.stream);
    return this.dispatch({ type: "devices_opened", hasPicture: opened.stream.getVideoTracks().length > 0, now: this.now() });
  }

  #closeDevices() {
    this.meter.stop();
    closeStream(this.stream);
    this.stream = null;
    this.view.showStream(null);
  }

  async #publish() {
    const { links } = this.flow;
    await this.#refresh();
    const { interview, link, spare } = this.flow;
    const isStillWanted = links === link?.n || links === spare?.n;
    if (this.stream !== null && interview !== null && isStillWanted) await this.connections.publish(links, this.stream, this.clientId, interview);
  }

  async #refresh() {
    if (this.now() - this.loadedAt < STALE_MS) return;
    try {
      const { ice_servers } = await this.api.load();
      this.loadedAt = this.now();
      this.dispatch({ type: "relays_told", iceServers: ice_servers });
    } catch {
      // The old ones may do; if the server cannot be reached, publishing says so next.
    }
  }

  /** Tell the server when the candidate saw what it brought: once it has been drawn. */
  #tellShown() {
    const revision = this.flow.questions.place?.revision ?? 0;
    const tell = () => this.control.send({ type: "shown", revision, at: wallClock() });
    if (this.window.document.hidden) tell();
    else this.window.requestAnimationFrame(tell);
  }

  async #finish() {
    try {
      this.dispatch({ type: "finished", interview: await this.api.finish() });
    } catch (error) {
      const isEmpty = error instanceof ApiProblem && error.type === "nothing-recorded";
      this.dispatch({ type: "finish_failed", why: isEmpty ? "nothing_recorded" : "unreachable" });
    }
  }

  async #withdraw() {
    try {
      this.dispatch({ type: "withdrawn", told: await this.api.withdraw() });
    } catch (error) {
      if (!(error instanceof ApiProblem)) throw error;
      this.dispatch({ type: "withdraw_failed" });
    }
  }

  #newClientId() {
    return Array.from(this.window.crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
  }
}
