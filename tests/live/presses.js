// Notes for every press of a wish what the camera's clock said. Loaded after `source.js`, before the page's own code.
(() => {
  'use strict';

  const FRAMES_PER_SECOND = 24;

  /** `wish`, and the counter that was due, with its fraction. */
  const presses = [];
  window.addEventListener('click', (event) => {
    const wish = event.target.closest?.('[data-wish]')?.dataset.wish;
    if (!wish) return;
    const due = (performance.timeOrigin + performance.now() - holdfastSource.startedAt) / 1000;
    presses.push({wish, counter: due * FRAMES_PER_SECOND});
  }, {capture: true});
  window.holdfastPresses = presses;
})();
