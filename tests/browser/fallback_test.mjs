// The page alone, on networks that stop WebRTC: the fall to the last rung, the way back, the words, and the network test.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import { BROADCASTER_FLAGS, startBroadcaster } from './broadcaster.mjs';
import { DESKTOP, LAUNCHERS, launchChromium, PHONE } from './browsers.mjs';
import { ADDRESS, ARTEFACTS } from './environment.mjs';
import { startFakeServer } from './fake_server.mjs';
import { Viewing } from './viewing.mjs';

const LIVE = { name: 'camera', state: 'live', detail: '1280×720, H.264', viewers: 1 };
const DOUBLE = readFileSync(new URL('socket_double.js', import.meta.url), 'utf8');
const PICTURE_LIMIT_MS = 3000;
const REMEMBERED_LIMIT_MS = 1200;
const NO_PATH_LIMIT_MS = 15000;  // The page gives WebRTC 12 s.
// RFC 5737: an address that leads nowhere.
const NOWHERE = '192.0.2.9';

const script = { streams: [LIVE], files: {} };
let server;
let browser;
let broadcaster;

before(async () => {
  server = await startFakeServer(ADDRESS, script);
  browser = await launchChromium(BROADCASTER_FLAGS);
  broadcaster = await startBroadcaster(browser);
  script.whep = broadcaster.whep;
  const warmUp = await Viewing.open(browser, `${server.origin}/camera`);
  await warmUp.untilPlaying(20000);
  await warmUp.close();
});

after(async () => {
  await browser?.close();
  await server?.close();
});

// An answer whose candidates lead nowhere, as where a firewall drops what is sent to them.
async function walled(request) {
  const reply = await broadcaster.whep(request);
  return { ...reply, body: reply.body?.replace(/^(a=candidate:\S+ \d+ \S+ \d+) \S+ \d+/gm, `$1 ${NOWHERE} 8443`) };
}

// A page without a past, in a context of its own.
async function open(url, { whep = walled, files = { 'socket_session.js': DOUBLE }, viewport = DESKTOP } = {}) {
  Object.assign(script, { streams: [LIVE], whep, files });
  const context = await browser.createBrowserContext();
  return Viewing.open(context, `${server.origin}${url}`, viewport);
}

// Milliseconds from the beginning of the page's loading to its first picture.
const pictureAfter = ({ page }) =>
  page.evaluate(() => document.querySelector('porthole-player').timings.firstFrame);

const noteOf = ({ page }) =>
  page.evaluate(() => document.querySelector('porthole-player').shadowRoot.querySelector('.note:not([hidden])')?.innerText);

test('Where WebRTC gets nowhere, a picture is there within 3 s of loading the page, and its delay is explained', async () => {
  const viewing = await open('/camera');
  await viewing.untilPlaying();
  const milliseconds = await pictureAfter(viewing);
  console.log(`# first picture ${Math.round(milliseconds)} ms after loading began`);
  assert.ok(milliseconds < PICTURE_LIMIT_MS, `${milliseconds} ms`);
  await viewing.until('the path in words', ({ readout }) => readout.startsWith('WebSocket · 640×360'), 3000);
  assert.match(await noteOf(viewing), /later than usual: .*web traffic only\. Test this network$/);
  await viewing.screenshot('fallback');
  await viewing.page.setViewport(PHONE);
  await viewing.untilPlaying();
  await viewing.until('the path in words', ({ readout }) => readout.startsWith('WebSocket'), 3000);
  await viewing.screenshot('fallback-phone');
  await viewing.close();
});

test('The next visit has the WebSocket at once', async () => {
  const viewing = await open('/camera');
  await viewing.untilPlaying();
  await viewing.page.reload();
  await viewing.untilPlaying();
  const milliseconds = await pictureAfter(viewing);
  console.log(`# first picture of the next visit after ${Math.round(milliseconds)} ms`);
  assert.ok(milliseconds < REMEMBERED_LIMIT_MS, `${milliseconds} ms`);
  await viewing.close();
});

test('A memory of the WebSocket does not keep anybody from WebRTC', async () => {
  const viewing = await open('/camera');
  await viewing.untilPlaying();
  script.whep = broadcaster.whep;
  await viewing.page.reload();
  await viewing.until('WebRTC', ({ readout }) => readout.startsWith('direct UDP'), 5000);
  assert.equal(await noteOf(viewing), undefined);
  await viewing.page.reload();
  await viewing.untilPlaying();
  assert.notEqual(await viewing.page.evaluate(() => document.querySelector('porthole-player').peerConnection), null);
  await viewing.close();
});

test('WebRTC that gets through later takes over from the WebSocket', async () => {
  let way;
  const viewing = await open('/camera', {
    whep: async (request) => {
      const reply = await broadcaster.whep(request);
      way = /^a=candidate:\S+ \d+ udp .*$/m.exec(reply.body ?? '')?.[0] ?? way;
      return { ...reply, body: reply.body?.replace(/^a=candidate:.*\r\n/gm, '') };
    },
  });
  await viewing.page.evaluateOnNewDocument(() => {
    const Original = RTCPeerConnection;
    window.RTCPeerConnection = class extends Original {
      constructor(...args) {
        super(...args);
        window.latest = this;
      }
    };
  });
  await viewing.page.reload();
  await viewing.until('the WebSocket', ({ readout }) => readout.startsWith('WebSocket'), 5000);
  await viewing.page.evaluate((line) => window.latest.addIceCandidate({ candidate: line.slice(2), sdpMLineIndex: 0 }), way);
  await viewing.until('WebRTC', ({ readout }) => readout.startsWith('direct UDP'), 5000);
  assert.equal((await viewing.inspect()).state, 'playing');
  await viewing.close();
});

test('Where nothing gets through, that stays on the screen with a way to the network test', async () => {
  const viewing = await open('/camera', { files: {} });
  await viewing.until('told', ({ message }) => /^No path to the server/.test(message), NO_PATH_LIMIT_MS);
  const linkOf = () => document.querySelector('porthole-player').shadowRoot.querySelector('.diagnose');
  // The next attempt has begun by then.
  await new Promise((resolve) => setTimeout(resolve, 2500));
  assert.deepEqual(await viewing.page.evaluate(`(${linkOf})().checkVisibility()`), true);
  assert.equal(await viewing.page.evaluate(`(${linkOf})().href`), `${server.origin}/diagnose?stream=camera`);
  await viewing.screenshot('no-path');
  await viewing.close();
});

test('A page whose script does not come says something instead of staying black', async () => {
  for (const url of ['/camera', '/', '/diagnose']) {
    const { page } = await open(url, { files: { 'streams.js': null } });
    const seen = () => document.querySelector('.late')?.checkVisibility({ visibilityProperty: true }) === true;
    assert.equal(await page.evaluate(seen), false, 'patience first');
    await page.waitForFunction(seen, { timeout: 6000 });
    assert.match(await page.evaluate(() => document.body.innerText), /is still loading\. If this stays, load the page again\./);
    await page.screenshot({ path: `${ARTEFACTS}/not-loaded${url.replace('/', '-')}.png` });
    await page.close();
  }
});

const rungOf = (page, path) =>
  page.evaluate((name) => {
    const row = document.querySelector(`[data-path="${name}"]`);
    const textOf = (part) => row.querySelector(part).textContent;
    return { state: row.dataset.state, result: textOf('.result'), plea: textOf('.plea') };
  }, path);

for (const [name, launch] of Object.entries(LAUNCHERS)) {
  test(`In ${name} the network test tells what works, and what to ask for where something does not`, async () => {
    Object.assign(script, { streams: [LIVE], whep: walled, files: { 'socket_session.js': DOUBLE } });
    const other = await launch();
    const page = await other.newPage();
    await page.setViewport(DESKTOP);
    await page.goto(`${server.origin}/diagnose`);
    await page.waitForSelector('#report:not([hidden])', { timeout: 30000 });
    assert.deepEqual(await rungOf(page, 'direct'), {
      state: 'fails',
      result: `UDP to ${NOWHERE} port 8443 does not get through, or its answers do not come back.`,
      plea: `Ask for: allow UDP to ${NOWHERE} port 8443.`,
    });
    assert.equal((await rungOf(page, 'websocket')).state, 'works');
    assert.match((await rungOf(page, 'turn-tls')).result, /^Not offered: the server has no certificate/);
    assert.match(await page.$eval('#verdict', (element) => element.innerText), /^Only web traffic gets through/);
    await page.screenshot({ path: `${ARTEFACTS}/diagnose-${name}.png`, fullPage: true });
    await page.click('#copy');
    assert.equal(await page.$eval('#copied', (element) => element.textContent), 'Copied.');
    const report = await page.$eval('#report-text', (element) => element.value);
    console.log(report.replace(/^/gm, '# '));
    assert.match(report, /^- Direct, over UDP: UDP to 192\.0\.2\.9 port 8443 does not get through/m);
    assert.match(report, /^- WebSocket: works \(connected in /m);
    await other.close();
  });
}

test('The network test fits a phone, and finds a way where there is one', async () => {
  const { page } = await open('/diagnose?stream=camera', { whep: broadcaster.whep, viewport: PHONE });
  await page.waitForSelector('#report:not([hidden])', { timeout: 30000 });
  assert.equal((await rungOf(page, 'direct')).state, 'works');
  assert.match(await page.$eval('#verdict', (element) => element.innerText), /^All is well/);
  assert.equal(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth), 0);
  await page.screenshot({ path: `${ARTEFACTS}/diagnose-phone.png`, fullPage: true });
  await page.click('#again');
  await page.waitForSelector('#report[hidden]', { timeout: 1000 });
  await page.waitForSelector('#report:not([hidden])', { timeout: 30000 });
  assert.equal((await rungOf(page, 'direct')).state, 'works');
  await page.close();
});
