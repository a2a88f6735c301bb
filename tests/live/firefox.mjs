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
  // The camera opens by itself after consent; the button is there for whoever must be asked twice.
  const isThere = (name) => document.querySelector(name)?.checkVisibility() && !document.querySelector(name).disabled;
  await page.waitForFunction(`(${isThere})('#start') || (${isThere})('#turn-on')`, WITHIN);
  if (await page.evaluate(`(${isThere})('#turn-on')`)) await page.locator('#turn-on').click();
  await page.locator('#start').setTimeout(30_000).click();
  await page.waitForSelector('#light[data-light="recording"]', WITHIN);
  await page.waitForSelector('#saved[data-saved="saved"]', WITHIN);
  const goal = (await page.evaluate(() => holdfastSource.counter)) + Number(seconds) * 24;
  await page.waitForFunction((counter) => holdfastSource.counter >= counter, WITHIN, goal);
  const drawn = await page.evaluate(() => holdfastSource.drawn);
  await page.locator('#finish').click();
  await page.locator('#confirm-yes').click();
  await page.waitForSelector('section[data-screen="thanks"]:not([hidden])', WITHIN);
  console.log(JSON.stringify({drawn, userAgent: await browser.userAgent()}));
} finally {
  await browser.close();
}
