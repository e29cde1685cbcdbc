// One visit to the stream's page: until it plays, by which rung, how soon, and how far behind.
import assert from 'node:assert/strict';
import { latencyOf, samplePictures } from '../browser/picture_code.mjs';
import { Viewing } from '../browser/viewing.mjs';

const PICTURES = 60;
const SAMPLE_LIMIT_MS = 6000;
const WORDS_LIMIT_MS = 5000;

const rounded = (milliseconds) => (Number.isFinite(milliseconds) ? Math.round(milliseconds) : null);

function pairInWords({ local }) {
  if (!local) return null;
  return local.type === 'relay' ? `relay by ${local.relayProtocol}` : `${local.type} by ${local.protocol}`;
}

// Opens the page, waits until it plays, and resolves to {viewing, seen}; the Viewing is still open.
// `seen` is {rung, pair, codec, firstFrameMs, sinceOfferMs}: the page's words for the rung, the selected candidate pair,
// and the time from navigation, and from the offer, to the first frame.
export async function visit(browser, url, limitMs) {
  const viewing = await Viewing.open(browser, url);
  await viewing.untilPlaying(limitMs);
  const last = await viewing.until('the path in words', ({ readout }) => readout !== '', WORDS_LIMIT_MS);
  const { firstFrame, offerPosted } = last.timings;
  const seen = {
    rung: last.readout.split(' · ')[0],
    pair: pairInWords(last),
    codec: last.codec ?? null,
    firstFrameMs: rounded(firstFrame),
    sinceOfferMs: rounded(firstFrame - offerPosted),
  };
  return { viewing, seen };
}

// Reads the pictures on the screen; resolves to the median latency in milliseconds. They must move.
export async function latencyOn(viewing, minPictures) {
  const { codes, unreadable } = await viewing.page.evaluate(samplePictures, PICTURES, SAMPLE_LIMIT_MS);
  const different = new Set(codes.map(({ frame }) => frame)).size;
  assert.ok(different >= minPictures, `only ${different} different pictures, ${unreadable} unreadable ones`);
  return rounded(latencyOf(codes).median);
}

// Resolves to the time of the first picture on the screen that was drawn after `since` (Unix milliseconds both).
export async function firstPictureAfter(viewing, since, limitMs) {
  const deadline = Date.now() + limitMs;
  for (;;) {
    const { codes } = await viewing.page.evaluate(samplePictures, 1, 1000);
    if (codes.length > 0 && codes[0].drawnAt > since) return codes[0].shownAt;
    if (Date.now() > deadline) {
      await viewing.screenshot('failed-to-heal');
      throw new Error(`no new picture within ${limitMs} ms; last seen ${JSON.stringify(await viewing.inspect())}`);
    }
  }
}
