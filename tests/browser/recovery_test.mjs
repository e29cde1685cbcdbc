// A viewer's page heals by itself, and a page that goes away is forgotten.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from './browsers.mjs';
import { Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

const HEALED_LIMIT_MS = 15000;

let program;
let browser;

before(async () => {
  program = await Program.start('recovery');
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  await program?.stop();
});

async function untilViewers(count, limitMs) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const [{ viewers }] = await program.streams();
    if (viewers === count) return;
    assert.ok(Date.now() < deadline, `${viewers} viewers, not ${count}, after ${limitMs} ms`);
    await sleep(50);
  }
}

for (const path of ['direct', 'turn-tcp']) {
  test(`A page over ${path} plays again after the server was restarted`, async () => {
    const viewing = await Viewing.open(browser, `${program.origin}/test-pattern?path=${path}`);
    await viewing.untilPlaying();
    assert.equal(await program.stop(), 0);
    const told = await viewing.until('told', ({ state }) => state === 'waiting', HEALED_LIMIT_MS);
    assert.equal(told.message, 'The server does not answer; trying again…');
    program = await Program.start('recovery');
    const startedAt = Date.now();
    await viewing.untilPlaying(HEALED_LIMIT_MS);
    console.log(`# ${path}: plays again ${Date.now() - startedAt} ms after the server is back`);
    await viewing.untilFrames(30, 5000);
    await untilViewers(1, 5000);
    await viewing.close();
  });
}

test('A restart too quick to be seen over HTTP is survived as well', async () => {
  const viewing = await Viewing.open(browser, `${program.origin}/test-pattern`);
  await viewing.untilPlaying();
  await program.kill();
  program = await Program.start('recovery');
  const startedAt = Date.now();
  await viewing.until('lost', ({ state }) => state !== 'playing', HEALED_LIMIT_MS);
  await viewing.untilPlaying(HEALED_LIMIT_MS);
  console.log(`# killed and restarted: plays again after ${Date.now() - startedAt} ms`);
  await viewing.close();
});

test('A page that is left is not counted any more', async () => {
  const viewing = await Viewing.open(browser, `${program.origin}/test-pattern`);
  await viewing.untilPlaying();
  await untilViewers(1, 3000);
  await viewing.page.goto(`${program.origin}/`);
  await untilViewers(0, 2000);
  await viewing.close();
});
