// Firefox ESR plays the test pattern in VP8: in a closed network it has no H.264, and over TURN it never binds channels.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launchFirefox } from './browsers.mjs';
import { picturesAdvance, playsOver } from './paths.mjs';
import { Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

// Firefox starts slower than Chromium, and the server encodes VP8 for it beside H.264 on the same two cores.
const FRAMES_LIMIT_MS = 15000;
const LATENCY_LIMIT_MS = 400;

let program;
let browser;

before(async () => {
  program = await Program.start('firefox');
  browser = await launchFirefox();
  const warmUp = await Viewing.open(browser, `${program.origin}/test-pattern`);
  await warmUp.untilPlaying(20000);
  await warmUp.close();
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

for (const path of ['direct', 'turn-tcp', 'turn-udp']) {
  test(`Firefox plays with ?path=${path}`, async () => {
    const { viewing, seen } = await playsOver(browser, program, path, FRAMES_LIMIT_MS);
    assert.equal(seen.codec, 'video/VP8');
    await picturesAdvance(viewing, path, LATENCY_LIMIT_MS);
    await viewing.screenshot(`firefox-${path}`);
    await viewing.close();
  });
}
