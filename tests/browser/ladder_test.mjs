// The real program on networks that take rungs away: the page finds the next one, and the network test says what is missing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { blackhole } from './blackhole.mjs';
import { DESKTOP, LAUNCHERS } from './browsers.mjs';
import { ADDRESS, ARTEFACTS } from './environment.mjs';
import { PORT, Program } from './program.mjs';
import { Viewing } from './viewing.mjs';
import { openWebGate } from './web_gate.mjs';

const PICTURE_LIMIT_MS = 3000;
const HEALED_LIMIT_MS = 12000;
// RFC 5737: an address that leads nowhere, so that candidates with it are as good as blocked.
const NOWHERE = '192.0.2.9';

const browsers = {};

before(async () => {
  const program = await Program.start('ladder');
  for (const [name, launch] of Object.entries(LAUNCHERS)) {
    browsers[name] = await launch();
    const warmUp = await Viewing.open(browsers[name], `${program.origin}/test-pattern`);
    await warmUp.untilPlaying(20000);
    await warmUp.close();
  }
  await program.stop();
});

after(async () => {
  await Promise.all(Object.values(browsers).map((browser) => browser.close()));
});

async function onWebOnlyNetwork(use) {
  const program = await Program.start('ladder', ['--advertise', NOWHERE]);
  const gate = await openWebGate(ADDRESS, program.origin);
  try {
    await use(gate);
  } finally {
    await gate.close();
    await program.stop();
  }
}

const resultOf = (page, path) =>
  page.$eval(`[data-path="${path}"]`, (row) => `${row.dataset.state}: ${row.querySelector('.result').textContent}`);

async function diagnose(browser, origin, screenshot) {
  const page = await browser.newPage();
  await page.setViewport(DESKTOP);
  await page.goto(`${origin}/diagnose`);
  await page.waitForSelector('#report:not([hidden])', { timeout: 40000 });
  await page.screenshot({ path: `${ARTEFACTS}/${screenshot}.png`, fullPage: true });
  const report = await page.$eval('#report-text', (element) => element.value);
  console.log(report.replace(/^/gm, '# '));
  return page;
}

for (const name of Object.keys(LAUNCHERS)) {
  test(`${name} on a network that lets only web traffic pass has a picture within 3 s, and at once the next time`, () =>
    onWebOnlyNetwork(async (gate) => {
      const viewing = await Viewing.open(browsers[name], `${gate.origin}/test-pattern`);
      const first = await viewing.untilPlaying();
      await viewing.until('the path in words', ({ readout }) => /^WebSocket · 1280×720/.test(readout), 4000);
      await viewing.screenshot(`ladder-${name}-websocket`);
      await viewing.page.reload();
      const next = await viewing.untilPlaying();
      const times = [first, next].map(({ timings }) => Math.round(timings.firstFrame));
      console.log(`# ${name}: first picture ${times[0]} ms after loading began, the next time ${times[1]} ms`);
      assert.ok(times[0] < PICTURE_LIMIT_MS, `${times[0]} ms`);
      assert.ok(times[1] < times[0]);
      await viewing.close();
    }));

  test(`${name} there hears from the network test what to ask for`, () =>
    onWebOnlyNetwork(async (gate) => {
      const page = await diagnose(browsers[name], gate.origin, `ladder-${name}-diagnose`);
      const { port } = new URL(gate.origin);
      assert.match(await resultOf(page, 'direct'), new RegExp(`^fails: UDP to ${NOWHERE} port ${PORT} does not get through`));
      assert.match(await resultOf(page, 'turn-tcp'), new RegExp(`^fails: The page itself came over TCP port ${port}, but`));
      assert.match(await resultOf(page, 'websocket'), /^works: /);
      await page.close();
    }));

  test(`${name} goes on over TCP when UDP dies while it plays`, async () => {
    const program = await Program.start('ladder');
    const viewing = await Viewing.open(browsers[name], `${program.origin}/test-pattern`);
    await viewing.until('direct UDP', ({ readout }) => readout.startsWith('direct UDP'), 8000);
    const heal = blackhole('udp', PORT);
    const diedAt = Date.now();
    try {
      await viewing.until('another path', ({ readout }) => readout !== '' && !readout.startsWith('direct UDP'), HEALED_LIMIT_MS);
      await viewing.untilPlaying(HEALED_LIMIT_MS);
      const { readout } = await viewing.inspect();
      console.log(`# ${name}: ${Date.now() - diedAt} ms after UDP died: ${readout}`);
      assert.match(readout, /TCP/);
      const page = await diagnose(browsers[name], program.origin, `ladder-${name}-no-udp`);
      assert.match(await resultOf(page, 'direct'), /^fails: UDP to .* does not get through/);
      assert.match(await resultOf(page, 'turn-tcp'), /^works: /);
      await page.close();
    } finally {
      heal();
      await viewing.close();
      await program.stop();
    }
  });
}
