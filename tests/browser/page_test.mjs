// The page alone, against a scripted server: what it says, when it tries again, and that it leaves nothing behind.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { BROADCASTER_FLAGS, startBroadcaster } from './broadcaster.mjs';
import { DESKTOP, launchChromium, PHONE } from './browsers.mjs';
import { ADDRESS, ARTEFACTS } from './environment.mjs';
import { startFakeServer } from './fake_server.mjs';
import { latencyOf, samplePictures } from './picture_code.mjs';
import { Viewing } from './viewing.mjs';

const LIVE = { name: 'camera', state: 'live', detail: '1280×720, H.264', viewers: 1 };
const refuse = (status, error, headers = {}) => async () => ({ status, headers, body: { error } });

const script = { streams: [LIVE], whep: refuse(500, '') };
let server;
let browser;
let broadcaster;

before(async () => {
  server = await startFakeServer(ADDRESS, script);
  browser = await launchChromium(BROADCASTER_FLAGS);
  broadcaster = await startBroadcaster(browser);
});

after(async () => {
  await browser?.close();
  await server?.close();
});

async function view(whep, viewport = DESKTOP) {
  script.streams = [LIVE];
  // A page that was closed may still be about to end its session.
  for (let i = 0; i < 100 && server.sessions.size > 0; ++i) await sleep(50);
  script.whep = whep;
  server.requests.length = 0;
  return Viewing.open(browser, `${server.origin}/camera`, viewport);
}

const says = (message) => (seen) => seen.message === message;

test('A stream that nobody knows is said not to exist', async () => {
  const viewing = await view(refuse(404, 'no stream of this name'));
  const seen = await viewing.until('missing', says('This stream does not exist.'), 3000);
  assert.equal(seen.state, 'failed');
  await viewing.screenshot('page-missing');
  await viewing.close();
});

test('A refusal that lasts is said in the server\'s words and not repeated', async () => {
  const viewing = await view(refuse(406, 'This browser offers no codec that this stream has.'));
  await viewing.until('refused', says('This browser offers no codec that this stream has.'), 3000);
  await sleep(1500);
  assert.deepEqual(server.requests, ['POST /whep/camera']);
  await viewing.screenshot('page-refused');
  await viewing.close();
});

test('A server that is full is asked again after the time it names', async () => {
  const viewing = await view(refuse(503, 'Too many viewers; trying again…', { 'Retry-After': '2' }));
  await viewing.until('full', says('Too many viewers; trying again…'), 3000);
  await sleep(1000);
  assert.equal(server.requests.length, 1);
  script.whep = broadcaster.whep;
  await viewing.untilPlaying(4000);
  await viewing.close();
});

const LINK = '<turn:192.0.2.1:8443?transport=tcp>; rel="ice-server"; username="u"; credential="c"';

async function whepWithTurn(request) {
  const reply = await broadcaster.whep(request);
  return { ...reply, headers: { ...reply.headers, Link: LINK } };
}

test('A forced path is passed on, and relay is never mixed with direct', async () => {
  script.whep = whepWithTurn;
  const viewing = await Viewing.open(browser, `${server.origin}/camera?path=turn-tcp`);
  await viewing.until('posted', ({ timings }) => timings?.answered > 0, 3000);
  assert.ok(server.requests.includes('POST /whep/camera?path=turn-tcp'));
  const policy = await viewing.page.evaluate(() =>
    document.querySelector('porthole-player').peerConnection.getConfiguration().iceTransportPolicy);
  assert.equal(policy, 'relay');
  await viewing.close();
});

test('A rung that the server does not have is said to be missing at once', async () => {
  script.whep = broadcaster.whep;
  const viewing = await Viewing.open(browser, `${server.origin}/camera?path=turn-tls`);
  await viewing.until('missing', says('This server does not offer TURN over TLS.'), 3000);
  await viewing.close();
});

test('The player plays muted and inline, and the picture code is readable', async () => {
  const viewing = await view((request) => broadcaster.whep(request));
  await viewing.untilPlaying();
  const { codes, unreadable } = await viewing.page.evaluate(samplePictures, 60, 10000);
  assert.equal(codes.length, 60);
  assert.ok(codes.at(-1).frame > codes[0].frame);
  console.log(`# page alone: latency ${JSON.stringify(latencyOf(codes))}, unreadable ${unreadable}`);
  const attributes = await viewing.page.evaluate(() => {
    const { muted, playsInline, autoplay } = document.querySelector('porthole-player').video;
    return { muted, playsInline, autoplay };
  });
  assert.deepEqual(attributes, { muted: true, playsInline: true, autoplay: true });
  await viewing.screenshot('page-playing');
  await viewing.close();
});

test('A silent source is explained, and its return is seen over the same session', async () => {
  const viewing = await view((request) => broadcaster.whep(request));
  await viewing.untilPlaying();
  script.streams = [{ ...LIVE, state: 'reconnecting' }];
  await broadcaster.pause(true);
  await viewing.until('explained', ({ message }) => /^The camera is not sending/.test(message), 5000);
  await viewing.screenshot('page-waiting');
  await sleep(4000);
  await broadcaster.pause(false);
  await viewing.untilPlaying(3000);
  assert.deepEqual(server.requests, ['POST /whep/camera']);
  await viewing.close();
});

test('A lost connection is replaced, and never are there two sessions at a time', async () => {
  const viewing = await view((request) => broadcaster.whep(request));
  await viewing.untilPlaying();
  await broadcaster.hangUp();
  await viewing.until('lost', ({ state }) => state !== 'playing', 20000);
  await viewing.untilPlaying(20000);
  const methods = server.requests.map((line) => line.split(' ')[0]);
  assert.ok(methods.length >= 3);
  assert.deepEqual(methods, methods.map((_, index) => (index % 2 === 0 ? 'POST' : 'DELETE')));
  await viewing.close();
});

test('Leaving the page ends its session', async () => {
  const viewing = await view((request) => broadcaster.whep(request));
  await viewing.untilPlaying();
  await viewing.page.goto(`${server.origin}/`);
  await sleep(500);
  assert.match(server.requests.at(-1), /^DELETE \/whep\/session\/\d+$/);
  await viewing.close();
});

test('The front page lists streams as they come and go, and fits a phone', async () => {
  const page = await browser.newPage();
  await page.setViewport(PHONE);
  script.streams = [LIVE, { name: 'a/strange name?', state: 'reconnecting', detail: 'connection refused', viewers: 0 }];
  await page.goto(server.origin);
  await page.waitForFunction(() => document.querySelectorAll('.card').length === 2);
  const links = await page.$$eval('.card', (cards) => cards.map((card) => card.getAttribute('href')));
  assert.deepEqual(links, ['/camera', '/a%2Fstrange%20name%3F']);
  const overflow = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
  assert.equal(overflow, 0);
  await page.screenshot({ path: `${ARTEFACTS}/page-list-phone.png` });
  script.streams = [];
  await page.waitForFunction(() => document.body.innerText.includes('Nothing to see yet'), { timeout: 5000 });
  script.streams = null;
  await page.waitForFunction(() => document.body.innerText.includes('does not answer'), { timeout: 5000 });
  await page.close();
});
