// Video over WebSocket, the last rung, in both browsers: soon there, live, and bounded.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { LAUNCHERS } from './browsers.mjs';
import { picturesAdvance } from './paths.mjs';
import { Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

// From the beginning of the page's loading.
const FIRST_FRAME_LIMIT_MS = 1500;
const LATENCY_LIMIT_MS = 600;
const RECONNECT_LIMIT_MS = 8000;
const KEPT_LIMIT_S = 20;

const URL_PATH = '/test-pattern?path=websocket';
let program;

before(async () => {
  program = await Program.start('websocket');
});

after(async () => {
  await program?.stop();
});

// Of the video element, and of the player around it.
const stateOf = ({ page }) =>
  page.evaluate(() => {
    const player = document.querySelector('porthole-player');
    const { buffered, currentTime } = player.video;
    const last = buffered.length - 1;
    return {
      firstFrame: player.timings.firstFrame,
      hasPeerConnection: player.peerConnection !== null,
      behind: buffered.end(last) - currentTime,
      kept: buffered.end(last) - buffered.start(0),
      size: [player.video.videoWidth, player.video.videoHeight],
    };
  });

for (const [name, launch] of Object.entries(LAUNCHERS)) {
  test(`${name} watches by WebSocket`, async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const warmUp = await Viewing.open(browser, `${program.origin}${URL_PATH}`);
    await warmUp.untilPlaying(20000);
    await warmUp.close();

    const viewing = await Viewing.open(browser, `${program.origin}${URL_PATH}`);
    await viewing.untilPlaying();
    const { firstFrame, hasPeerConnection, size } = await stateOf(viewing);
    console.log(`# ${name}: first frame ${Math.round(firstFrame)} ms after the page began to load`);
    assert.ok(firstFrame < FIRST_FRAME_LIMIT_MS, `first frame after ${firstFrame} ms`);
    assert.equal(hasPeerConnection, false);
    assert.deepEqual(size, [1280, 720]);
    await viewing.until('the path in words', ({ readout }) => readout.startsWith('WebSocket · 1280×720'), 3000);
    await sleep(3000);
    await picturesAdvance(viewing, name, LATENCY_LIMIT_MS);

    const [stream] = await program.streams();
    assert.equal(stream.viewers, 1);
    await viewing.screenshot(`websocket-${name}`);

    // Whoever stood still is live again at once.
    await viewing.page.evaluate(() => document.querySelector('porthole-player').video.pause());
    await sleep(3000);
    await viewing.page.evaluate(() => document.querySelector('porthole-player').video.play());
    await sleep(3000);
    await picturesAdvance(viewing, `${name} after a pause`, LATENCY_LIMIT_MS);

    await sleep(10000);
    const { kept } = await stateOf(viewing);
    assert.ok(kept < KEPT_LIMIT_S, `${kept} s are kept`);
    await viewing.close();
    await sleep(500);
    assert.equal((await program.streams())[0].viewers, 0);
  });

  test(`In ${name} a server that comes back is watched again`, async (t) => {
    const browser = await launch();
    t.after(() => browser.close());
    const viewing = await Viewing.open(browser, `${program.origin}${URL_PATH}`);
    await viewing.untilPlaying(20000);
    await program.stop();
    await viewing.until('lost', ({ state }) => state !== 'playing', 5000);
    program = await Program.start('websocket');
    await viewing.untilPlaying(RECONNECT_LIMIT_MS);
    await viewing.page.goto(`${program.origin}/no-such-stream?path=websocket`);
    await viewing.until('missing', ({ message }) => message === 'This stream does not exist.', 3000);
    await viewing.close();
  });
}

test('The log names the way', () => {
  assert.match(program.output, /test-pattern: a viewer at [\d.:]+ watches by WebSocket/);
});
