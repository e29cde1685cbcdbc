// How soon the first frame comes by each rung: node ladder_test.mjs NETWORK RUNNER (started by run.mjs).
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { Laboratory } from './laboratory.mjs';
import { ladderNamed } from './networks.mjs';
import { keepResult } from './results.mjs';
import { visit } from './visit.mjs';

const VISITS = 3;
// A machine may be busy: what was seen on a quiet one is in docs/networks.md.
const LIMIT_MS = 5000;

const [name, runner] = process.argv.slice(2);
const network = ladderNamed(name);
const page = `${network.origin}/test-pattern`;
let laboratory;

before(async () => {
  laboratory = await Laboratory.open(network, runner);
});

after(() => laboratory?.close());

const median = (values) => values.sort((a, b) => a - b)[Math.floor(values.length / 2)];

async function visitAndLeave(browser, url) {
  const { viewing, seen } = await visit(browser, url, LIMIT_MS);
  await viewing.close();
  return seen;
}

async function measure(browser, path) {
  // The browser's own first start of its media stack is not what is measured here.
  await visitAndLeave(browser, `${page}?path=${path}`);
  const visits = [];
  for (let i = 0; i < VISITS; i += 1) visits.push(await visitAndLeave(browser, `${page}?path=${path}`));
  return {
    rung: visits[0].rung,
    firstFrameMs: median(visits.map(({ firstFrameMs }) => firstFrameMs)),
    sinceOfferMs: median(visits.map(({ sinceOfferMs }) => sinceOfferMs)),
  };
}

for (const which of ['chromium', 'firefox']) {
  test(`${network.title}: first frames in ${which}`, async (context) => {
    const browser = await laboratory.launch(which);
    try {
      for (const [path, rung] of network.paths) {
        await context.test(path, async () => {
          const result = { ladder: network.name, browser: which, path, version: await browser.version() };
          Object.assign(result, await measure(browser, path));
          console.log(`# ${JSON.stringify(result)}`);
          keepResult(result);
          assert.equal(result.rung, rung);
        });
      }
    } finally {
      await browser.close();
    }
  });
}
