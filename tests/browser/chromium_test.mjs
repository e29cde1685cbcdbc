// Chromium plays the test pattern over every path that it can be forced onto.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchChromium, PHONE } from './browsers.mjs';
import { picturesAdvance, playsOver } from './paths.mjs';
import { Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

const FRAMES_LIMIT_MS = 5000;
const LATENCY_LIMIT_MS = 250;
const FIRST_FRAME_LIMIT_MS = 500;

let program;
let browser;

before(async () => {
  program = await Program.start('chromium');
  browser = await launchChromium();
  // The browser's own first start of its media stack is not what is measured here.
  const warmUp = await Viewing.open(browser, `${program.origin}/test-pattern`);
  await warmUp.untilPlaying(20000);
  await warmUp.close();
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

for (const path of ['direct', 'turn-udp', 'turn-tcp']) {
  test(`Chromium plays with ?path=${path}`, async () => {
    const { viewing, seen, firstFrameMs } = await playsOver(browser, program, path, FRAMES_LIMIT_MS);
    assert.equal(seen.codec, 'video/H264');
    assert.equal(seen.srtpCipher, 'SRTP_AEAD_AES_128_GCM');
    assert.deepEqual([seen.width, seen.height], [1280, 720]);
    assert.ok(firstFrameMs < FIRST_FRAME_LIMIT_MS, `first frame ${firstFrameMs} ms after the offer was posted`);
    await picturesAdvance(viewing, path, LATENCY_LIMIT_MS);
    await viewing.screenshot(`chromium-${path}`);
    await viewing.close();
  });
}

test('Chromium takes the direct path by itself', async () => {
  const viewing = await Viewing.open(browser, `${program.origin}/test-pattern`);
  const { local } = await viewing.untilFrames(30, 5000);
  assert.equal(local.protocol, 'udp');
  assert.notEqual(local.type, 'relay');
  await viewing.close();
});

test('A phone-sized page shows the whole picture and nothing beyond its edges', async () => {
  const viewing = await Viewing.open(browser, `${program.origin}/test-pattern`, PHONE);
  await viewing.untilFrames(60, 8000);
  const layout = await viewing.page.evaluate(() => {
    const { width, height } = document.querySelector('porthole-player').video.getBoundingClientRect();
    return { width, height, overflow: document.documentElement.scrollWidth - innerWidth };
  });
  assert.deepEqual(layout, { width: PHONE.width, height: PHONE.height, overflow: 0 });
  await viewing.screenshot('phone');
  await viewing.close();
});

test('A stream that does not exist is said so, and the list is one click away', async () => {
  const viewing = await Viewing.open(browser, `${program.origin}/no-such-stream`);
  await viewing.until('missing', ({ message }) => message === 'This stream does not exist.', 3000);
  await Promise.all([viewing.page.waitForNavigation(), viewing.page.click('#all-streams')]);
  await viewing.page.waitForSelector('a.card[href="/test-pattern"][data-state="live"]', { timeout: 5000 });
  await viewing.screenshot('list');
  await viewing.close();
});
