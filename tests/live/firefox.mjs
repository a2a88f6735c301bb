// A whole interview in Firefox, as a candidate would have it: node firefox.mjs LINK SECONDS
// Prints one JSON line at its end; a failure is thrown and ends with 1.
import {readFile} from 'node:fs/promises';
import {createRequire} from 'node:module';

const require = createRequire(new URL('../browser/node/package.json', import.meta.url));
const puppeteer = require('puppeteer-core');

const [link, seconds, executablePath] = process.argv.slice(2);
const WITHIN = {timeout: 30_000};

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath,
  headless: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'media.peerconnection.ice.loopback': true,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
  },
});
try {
  const page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.evaluateOnNewDocument(await readFile(new URL('source.js', import.meta.url), 'utf8'));
  await page.goto(link);
  await page.locator('#consent-tick').click();
  await page.locator('#continue').click();
  // The camera opens by itself after consent; some screens may follow before the interview.
  const press = (selector) => page.evaluate((wanted) => {
    const button = [...document.querySelectorAll(wanted)].find((one) => one.checkVisibility() && !one.disabled && one.ariaDisabled !== 'true');
    button?.click();
    return button !== undefined;
  }, selector);
  const isShown = (selector) => page.evaluate((wanted) => document.querySelector(wanted)?.checkVisibility() === true, selector);
  const pressUntil = async (selector, goal) => {
    const giveUpAt = Date.now() + WITHIN.timeout;
    while (!(await isShown(goal))) {
      if (Date.now() > giveUpAt) throw new Error(`${goal} did not come`);
      await press(selector);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  };
  await pressUntil('[data-go-on], #turn-on, #continue-interview', 'section[data-screen="interview"]');
  await page.waitForSelector('#light[data-light="recording"]', WITHIN);
  await page.waitForSelector('#saved[data-saved="saved"]', WITHIN);
  const goal = (await page.evaluate(() => holdfastSource.counter)) + Number(seconds) * 24;
  await page.waitForFunction((counter) => holdfastSource.counter >= counter, WITHIN, goal);
  const drawn = await page.evaluate(() => holdfastSource.drawn);
  await pressUntil('.dock__actions .button--primary[data-wish]', '#finish');
  await page.locator('#finish').click();
  await page.locator('#confirm-yes').click();
  await page.waitForSelector('section[data-screen="thanks"]:not([hidden])', WITHIN);
  console.log(JSON.stringify({drawn, userAgent: await browser.userAgent()}));
} finally {
  await browser.close();
}
