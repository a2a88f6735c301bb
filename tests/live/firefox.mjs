// A candidate's tab in Firefox, driven line by line: node firefox.mjs PATH-OF-FIREFOX
//
// Each line on standard input is a command, {"do": "open" | "reload" | "crash" | "cut" | "evaluate" | "close", …}; each
// is answered by one line, {"value": …} or {"error": "…"}. tests/live/firefox.py speaks it.
import {createSocket} from 'node:dgram';
import {readFile, readdir} from 'node:fs/promises';
import {createRequire} from 'node:module';
import {createInterface} from 'node:readline';

const require = createRequire(new URL('../browser/node/package.json', import.meta.url));
const puppeteer = require('puppeteer-core');

const CANDIDATE = /^a=candidate:(\S+) (\d+) udp (\d+) ([\d.]+) (\d+) typ host.*$/gim;

const browser = await puppeteer.launch({
  browser: 'firefox',
  executablePath: process.argv[2],
  headless: true,
  extraPrefsFirefox: {
    'media.navigator.streams.fake': true,
    'media.navigator.permission.disabled': true,
    'media.autoplay.default': 0,
    'media.autoplay.blocking_policy': 0,
    'media.peerconnection.ice.loopback': true,
    'media.peerconnection.ice.obfuscate_host_addresses': false,
    'browser.tabs.crashReporting.sendReport': false,
  },
});
const scripts = await Promise.all(
  ['source.js', 'presses.js'].map((name) => readFile(new URL(name, import.meta.url), 'utf8')),
);

/** Relays whose path still stands, each a list of open sockets. */
let relays = [];
let page = null;

function bound(address) {
  return new Promise((resolve) => {
    const socket = createSocket('udp4');
    socket.bind(0, address, () => resolve(socket));
  });
}

/**
 * A port that passes packets on to `upstream` and back, as tests/fakes/relay.py does for Chromium. It is at Firefox's own
 * address: Firefox gathers none of the loopback, and sends nothing there from another.
 */
async function startRelay(own, upstream) {
  const sockets = [await bound(own), await bound(upstream.address)];
  const [near, far] = sockets;
  let client = null;
  near.on('message', (data, {address, port}) => {
    client = {address, port};
    far.send(data, upstream.port, upstream.address);
  });
  far.on('message', (data) => client && near.send(data, client.port, client.address));
  for (const socket of sockets) socket.on('error', () => undefined);
  relays.push(sockets);
  return near.address();
}

function cut() {
  for (const socket of relays.flat()) socket.close();
  relays = [];
}

/** The answer with a relay's address in place of the server's. */
async function throughRelay(offer, answer) {
  const [[own], [server]] = [offer, answer].map((sdp) => [...sdp.matchAll(CANDIDATE)]);
  const relay = await startRelay(own?.[4] ?? '127.0.0.1', {address: server[4], port: Number(server[5])});
  return answer.replaceAll(CANDIDATE, `a=candidate:1 1 udp 2130706431 ${relay.address} ${relay.port} typ host`);
}

/** In the page: WHIP's answers come through the relay, and the offer names no way beside it. */
function relayWhip() {
  const realFetch = window.fetch;
  window.fetch = async (url, options = {}) => {
    if (!String(url).includes('/whip/') || options.method !== 'POST') return realFetch(url, options);
    const body = options.body.replace(/^(a=candidate:\S+ \d+ \S+ \d+) \S+ \d+ /gm, '$1 127.0.0.1 9 ');
    const response = await realFetch(url, {...options, body});
    if (response.status !== 201) return response;
    const answer = await window.holdfastRelay(options.body, await response.text());
    response.text = async () => answer;
    return response;
  };
}

async function open(link) {
  const before = page;
  page = await browser.newPage();
  page.on('pageerror', (error) => console.error(String(error)));
  await page.exposeFunction('holdfastRelay', throughRelay);
  for (const script of scripts) await page.evaluateOnNewDocument(script);
  await page.evaluateOnNewDocument(relayWhip);
  if (before) await before.close().catch(() => undefined);
  await page.goto(link);
}

/** The processes that show pages, and nothing else of Firefox, end at once. */
async function crash() {
  for (const entry of await readdir('/proc')) {
    const [status, line] = await Promise.all(
      ['stat', 'cmdline'].map((name) => readFile(`/proc/${entry}/${name}`, 'utf8').catch(() => '')),
    );
    const parent = Number(status.slice(status.lastIndexOf(')') + 2).split(' ')[1]);
    const isOurs = parent === browser.process().pid && line.includes('-contentproc');
    if (isOurs && line.split('\0').filter(Boolean).at(-1) === 'tab') process.kill(Number(entry), 'SIGKILL');
  }
}

async function carryOut(command) {
  switch (command.do) {
    case 'open': return open(command.link);
    case 'reload': return void (await page.reload());
    case 'crash': return crash();
    case 'cut': return cut();
    case 'evaluate': return page.evaluate(command.expression);
    case 'userAgent': return browser.userAgent();
    default: throw new Error(`no such command: ${command.do}`);
  }
}

try {
  for await (const line of createInterface({input: process.stdin})) {
    const said = await carryOut(JSON.parse(line)).then(
      (value) => ({value: value ?? null}),
      (error) => ({error: String(error?.stack ?? error)}),
    );
    console.log(JSON.stringify(said));
  }
} finally {
  cut();
  await browser.close();
}
