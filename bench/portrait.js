// A drawn person in front of a wall, who moves and speaks: for pictures of the pages.
(() => {
  const canvas = document.createElement("canvas");
  canvas.width = 640;
  canvas.height = 480;
  const pen = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));

  /** @param {string} colour @param {number} x @param {number} y @param {number} a @param {number} b */
  const ellipse = (colour, x, y, a, b) => {
    pen.fillStyle = colour;
    pen.beginPath();
    pen.ellipse(x, y, a, b, 0, 0, 2 * Math.PI);
    pen.fill();
  };

  /** Whoever asks for less motion is taking a picture: eyes open. */
  const still = matchMedia("(prefers-reduced-motion: reduce)");

  const draw = () => {
    const time = performance.now() / 1000;
    const sway = 5 * Math.sin(time * 0.9);
    const nod = 3 * Math.sin(time * 1.7);
    const wall = pen.createLinearGradient(0, 0, 640, 480);
    wall.addColorStop(0, "#c9d6d3");
    wall.addColorStop(1, "#8fa6a3");
    pen.fillStyle = wall;
    pen.fillRect(0, 0, 640, 480);
    pen.fillStyle = "#6d8582";
    pen.fillRect(470, 60, 130, 190);
    pen.fillStyle = "#dfe9e6";
    pen.fillRect(482, 72, 106, 166);
    ellipse("#27414f", 320 + sway / 2, 500, 200, 150);
    ellipse("#d9a684", 320 + sway, 365, 48, 52);
    ellipse("#3d2c24", 320 + sway, 205 + nod, 118, 132);
    ellipse("#e6b593", 320 + sway, 235 + nod, 98, 122);
    ellipse("#3d2c24", 320 + sway, 132 + nod, 96, 48);
    const blink = time % 4 < 0.15 && !still.matches ? 1 : 9;
    for (const side of [-1, 1]) {
      ellipse("#fbf7f2", 320 + sway + side * 38, 225 + nod, 16, blink);
      ellipse("#3b5a4c", 320 + sway + side * 38, 225 + nod, 8, Math.min(8, blink));
    }
    ellipse("#d19c7b", 320 + sway, 262 + nod, 10, 18);
    ellipse("#96443f", 320 + sway, 305 + nod, 30, 5 + 6 * Math.abs(Math.sin(time * 6)));
  };
  setInterval(draw, 1000 / 24);
  draw();

  navigator.mediaDevices.getUserMedia = async () => {
    const audio = new AudioContext();
    const tone = audio.createOscillator();
    const volume = audio.createGain();
    volume.gain.value = 0.2;
    tone.frequency.value = 180;
    const out = audio.createMediaStreamDestination();
    tone.connect(volume).connect(out);
    tone.start();
    return new MediaStream([...canvas.captureStream(24).getVideoTracks(), ...out.stream.getAudioTracks()]);
  };
})();
