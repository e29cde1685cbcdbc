// One network of the laboratory, and both browsers in it: node cell_test.mjs NETWORK RUNNER (started by run.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { closeHole, forgetMappings, mappedPort, openHole, packetsDone } from './gate.mjs';
import { Laboratory } from './laboratory.mjs';
import { cellNamed } from './networks.mjs';
import { keepResult } from './results.mjs';
import { firstPictureAfter, latencyOn, visit } from './visit.mjs';

// What is already on its way when something happens is no sign of healing.
const ON_ITS_WAY_MS = 300;

const [name, runner] = process.argv.slice(2);
const network = cellNamed(name);
const url = `${network.origin}/test-pattern`;
let laboratory;

before(async () => {
  laboratory = await Laboratory.open(network, runner);
});

after(() => laboratory?.close());

const EVENTS = {
  // Resolves to when packets pass again.
  rebind: async ({ names }) => {
    forgetMappings(names);
    return Date.now();
  },
  blackhole: async ({ names }, { lastsMs }) => {
    openHole(names);
    await sleep(lastsMs);
    closeHole(names);
    return Date.now();
  },
};

// Resolves to how long after packets pass again a new picture is on the screen, in milliseconds.
async function healed(viewing) {
  const { event } = network;
  const { names } = laboratory;
  const before = mappedPort(names, network.port);
  const passesAt = await EVENTS[event.kind](laboratory, event);
  const shownAt = await firstPictureAfter(viewing, passesAt + ON_ITS_WAY_MS, event.healedLimitMs);
  if (event.kind === 'rebind') {
    assert.ok(before, 'the NAT has no mapping for the media');
    assert.notEqual(mappedPort(names, network.port), before);
  }
  return Math.round(shownAt - passesAt);
}

async function lookAround(browser, result) {
  const { viewing: first, seen } = await visit(browser, url, network.playLimitMs);
  Object.assign(result, seen, { route: laboratory.lastRoute });
  await first.close();
  // The second visit finds the browser warm, and the page may remember what worked.
  const { viewing, seen: again } = await visit(browser, url, network.playLimitMs);
  result.again = again;
  result.latencyMs = await latencyOn(viewing, network.minPictures);
  if (network.event) {
    result.healedMs = await healed(viewing);
    await latencyOn(viewing, network.minPictures);
  }
  await viewing.screenshot(`lab-${network.name}-${result.browser}`);
  await viewing.close();
}

function judge(result) {
  const rungs = network.rungs[result.browser];
  for (const rung of [result.rung, result.again.rung]) {
    assert.ok(rungs.includes(rung), `${rung} carries the media, not ${rungs.join(' or ')}`);
  }
  assert.ok(result.latencyMs < network.latencyLimitMs, `median latency ${result.latencyMs} ms`);
}

if (Object.keys(network.gate).length > 0) {
  after(() => assert.ok(packetsDone(laboratory.names, network) > 0, 'the gate let every packet pass as it was'));
}

for (const which of ['chromium', 'firefox']) {
  test(`${network.title}: ${which} plays`, async () => {
    const result = { network: network.name, browser: which, plays: false };
    let browser;
    try {
      browser = await laboratory.launch(which);
      result.version = await browser.version();
      await lookAround(browser, result);
      result.plays = true;
      judge(result);
    } finally {
      console.log(`# ${JSON.stringify(result)}`);
      keepResult(result);
      await browser?.close();
    }
  });
}
