// A camera and a microphone whose every frame says which one it is.
//
// Loaded as an init script before a page's own code: it replaces getUserMedia by a drawn camera
// (640x480, 24 frames per second, a counter in big black and white cells) and a synthetic
// microphone. Once a second a white flash and a 1 kHz beep happen at the same instant.
// tests/live/decode.py reads both back; the geometry below is repeated there.
(() => {
  'use strict';

  const WIDTH = 640;
  const HEIGHT = 480;
  const FRAMES_PER_SECOND = 24;
  const FRAMES_PER_EVENT = 24;
  const FLASH_FRAMES = 2;
  const COLUMNS = 8;
  const ROWS = 3;
  const CELL = 72;
  const CELLS_LEFT = 32;
  const CELLS_TOP = 16;
  const FLASH = {x: 448, y: 272, width: 160, height: 160};
  const CHECK = 0xa5;
  const BEEP_HZ = 1000;
  const BEEP_S = 0.06;
  const HUM_HZ = 220;

  const frameTime = 1000 / FRAMES_PER_SECOND;
  const wallClock = () => performance.timeOrigin + performance.now();

  const canvas = document.createElement('canvas');
  canvas.width = WIDTH;
  canvas.height = HEIGHT;
  const pen = canvas.getContext('2d', {alpha: false});

  /** What tests may read and turn. */
  const source = {
    /** Wall time in ms at which counter 0 was due. */
    startedAt: 0,
    /** The counter that is due now, drawn or not. */
    counter: 0,
    /** Counters that were really drawn while somebody watched. */
    drawn: [],
    /** True while the camera gives no frames. */
    stalled: false,
    /** Every peer connection that the page made. */
    peerConnections: [],
  };

  /** Open tracks, and how each is told to take a frame. */
  const cameras = new Map();
  let microphone = null;
  let lastDrawn = -1;
  let contextAhead = null; // audio context time minus performance time, seconds, smoothed

  function drawCells(counter) {
    const check = (counter >> 8) ^ (counter & 0xff) ^ CHECK;
    const bits = ((counter << 8) | check) >>> 0;
    for (let cell = 0; cell < COLUMNS * ROWS; cell += 1) {
      const white = (bits >>> (COLUMNS * ROWS - 1 - cell)) & 1;
      pen.fillStyle = white ? '#ffffff' : '#000000';
      pen.fillRect(CELLS_LEFT + (cell % COLUMNS) * CELL, CELLS_TOP + Math.floor(cell / COLUMNS) * CELL, CELL, CELL);
    }
  }

  // Something moves all the time, as a head does, so that the encoder has about as much to do.
  function drawBackground(counter) {
    pen.fillStyle = '#506070';
    pen.fillRect(0, 0, WIDTH, HEIGHT);
    for (let n = 0; n < 24; n += 1) {
      const angle = counter / 40 + n * 0.7;
      pen.fillStyle = `hsl(${(n * 31 + counter) % 360} 40% ${30 + (n % 5) * 8}%)`;
      pen.beginPath();
      pen.arc(220 + Math.cos(angle * (1 + (n % 3) / 5)) * 190, 360 + Math.sin(angle) * 100, 10 + (n % 7) * 4, 0, 2 * Math.PI);
      pen.fill();
    }
  }

  function drawFlash(counter) {
    pen.fillStyle = counter % FRAMES_PER_EVENT < FLASH_FRAMES ? '#ffffff' : '#000000';
    pen.fillRect(FLASH.x, FLASH.y, FLASH.width, FLASH.height);
  }

  function beepAt(performanceTime) {
    if (microphone === null || contextAhead === null) return;
    const {context, output} = microphone;
    const at = Math.max(context.currentTime, performanceTime / 1000 + contextAhead);
    const tone = new OscillatorNode(context, {frequency: BEEP_HZ});
    const loudness = new GainNode(context, {gain: 0.5});
    tone.connect(loudness).connect(output);
    tone.start(at);
    tone.stop(at + BEEP_S);
  }

  function followAudioClock() {
    if (microphone === null || microphone.context.state !== 'running') return;
    const ahead = microphone.context.currentTime - performance.now() / 1000;
    contextAhead = contextAhead === null ? ahead : contextAhead + (ahead - contextAhead) / 16;
  }

  function draw(counter) {
    drawBackground(counter);
    drawCells(counter);
    drawFlash(counter);
    for (const [camera, takeFrame] of cameras) {
      if (camera.readyState === 'ended') cameras.delete(camera);
      else takeFrame();
    }
    if (cameras.size > 0) source.drawn.push(counter);
  }

  function tick() {
    followAudioClock();
    const now = wallClock();
    const counter = Math.floor((now - source.startedAt) / frameTime);
    if (counter > lastDrawn) {
      // The beep is ordered one frame ahead, so that it begins when the flash is due, not when a timer was late.
      for (let next = lastDrawn + 2; next <= counter + 1; next += 1) {
        if (next % FRAMES_PER_EVENT === 0) {
          beepAt(source.startedAt + next * frameTime - performance.timeOrigin);
        }
      }
      lastDrawn = counter;
      source.counter = counter;
      if (!source.stalled) draw(counter & 0xffff);
    }
    const due = source.startedAt + (lastDrawn + 1) * frameTime;
    setTimeout(tick, Math.max(1, due - wallClock()));
  }

  function openMicrophone() {
    if (microphone === null) {
      const context = new AudioContext({sampleRate: 48000, latencyHint: 'interactive'});
      const output = context.createMediaStreamDestination();
      const hum = new OscillatorNode(context, {frequency: HUM_HZ});
      hum.connect(new GainNode(context, {gain: 0.02})).connect(output);
      hum.start();
      microphone = {context, output};
    }
    void microphone.context.resume();
    return microphone.output.stream.getAudioTracks()[0].clone();
  }

  function openCamera() {
    const stream = canvas.captureStream(0);
    const camera = stream.getVideoTracks()[0];
    // Chromium asks the track, Firefox the stream.
    cameras.set(camera, () => (camera.requestFrame ? camera : stream).requestFrame());
    return camera;
  }

  async function getUserMedia(constraints = {}) {
    const stream = new MediaStream();
    if (constraints.audio) stream.addTrack(openMicrophone());
    if (constraints.video) stream.addTrack(openCamera());
    return stream;
  }

  // Chromium's own recording of the same source, to measure against. With PCM, since its Opus encoder
  // stamps sound with the end of what it buffered: some 50 ms later than it was heard.
  let reference = null;

  async function startReference() {
    const recorder = new MediaRecorder(await getUserMedia({audio: true, video: true}), {mimeType: 'video/webm;codecs=vp8,pcm'});
    const chunks = [];
    const ended = new Promise((resolve) => {
      recorder.onstop = () => resolve(new Blob(chunks));
    });
    recorder.ondataavailable = (event) => chunks.push(event.data);
    recorder.start(1000);
    reference = {recorder, ended};
  }

  /** The file, as base64. */
  async function stopReference() {
    const {recorder, ended} = reference;
    recorder.stop();
    for (const track of recorder.stream.getTracks()) track.stop();
    const reader = new FileReader();
    reader.readAsDataURL(await ended);
    await new Promise((resolve) => {
      reader.onload = resolve;
    });
    return reader.result.slice(reader.result.indexOf(',') + 1);
  }

  const RealPeerConnection = window.RTCPeerConnection;
  window.RTCPeerConnection = class extends RealPeerConnection {
    constructor(...args) {
      super(...args);
      source.peerConnections.push(this);
    }
  };

  source.startReference = startReference;
  source.stopReference = stopReference;
  if (navigator.mediaDevices) navigator.mediaDevices.getUserMedia = getUserMedia;
  window.holdfastSource = source;

  // Counter N is due at startedAt + N / 24 s.
  source.startedAt = wallClock();
  tick();
})();
