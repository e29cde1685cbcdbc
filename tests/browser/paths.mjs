// What every path through the one port must show, in whichever browser.
import assert from 'node:assert/strict';
import { latencyOf, samplePictures } from './picture_code.mjs';
import { Viewing } from './viewing.mjs';

const FRAMES = 90;
const SAMPLED_PICTURES = 90;
const MIN_DIFFERENT = 0.8;

// The selected pair that each forced path must end on.
const KINDS = {
  direct: ({ local }) => ['host', 'prflx'].includes(local.type) && local.protocol === 'udp',
  'turn-udp': ({ local }) => local.type === 'relay' && local.relayProtocol === 'udp',
  'turn-tcp': ({ local }) => local.type === 'relay' && local.relayProtocol === 'tcp',
};

export const LABELS = { direct: 'direct UDP', 'turn-udp': 'TURN over UDP', 'turn-tcp': 'TURN over TCP' };

// Opens the test pattern over one path and checks that 90 frames are decoded within `limitMs` of asking for the page, and
// that they come over that path. Resolves to {viewing, seen, firstFrameMs}; the Viewing is still open.
export async function playsOver(browser, program, path, limitMs) {
  const startedAt = Date.now();
  const viewing = await Viewing.open(browser, `${program.origin}/test-pattern?path=${path}`);
  const seen = await viewing.untilFrames(FRAMES, limitMs - (Date.now() - startedAt));
  const elapsed = Date.now() - startedAt;
  assert.ok(KINDS[path](seen), `the selected pair is not ${path}: ${JSON.stringify(seen.local)}`);
  await viewing.until('the path in words', ({ readout }) => readout.startsWith(LABELS[path]), 3000);
  const { firstFrame, offerPosted } = seen.timings;
  console.log(
    `# ${path}: ${seen.framesDecoded} frames of ${seen.codec} ${elapsed} ms after the page was asked for; ` +
      `first frame ${Math.round(firstFrame - offerPosted)} ms after the offer; lost ${seen.packetsLost} packets`,
  );
  return { viewing, seen, firstFrameMs: firstFrame - offerPosted };
}

// Reads the picture code from the screen: frame numbers advance, and latency is what was promised. Resolves to it.
export async function picturesAdvance(viewing, what, latencyLimitMs) {
  const { codes, unreadable } = await viewing.page.evaluate(samplePictures, SAMPLED_PICTURES, 10000);
  assert.equal(codes.length, SAMPLED_PICTURES, `only ${codes.length} readable pictures, ${unreadable} unreadable`);
  // A picture is read from the screen a moment after the browser told of it, so on a busy machine one may be read twice
  // and its predecessor not at all; none may ever go back.
  for (let i = 1; i < codes.length; i += 1) {
    assert.ok(codes[i].frame >= codes[i - 1].frame, `frame ${codes[i].frame} came after ${codes[i - 1].frame}`);
  }
  const different = new Set(codes.map(({ frame }) => frame)).size;
  assert.ok(different >= SAMPLED_PICTURES * MIN_DIFFERENT, `only ${different} different pictures of ${codes.length}`);
  const latency = latencyOf(codes);
  const skipped = codes.at(-1).frame - codes[0].frame + 1 - different;
  console.log(
    `# ${what}: latency from picture to screen: median ${Math.round(latency.median)} ms, worst ` +
      `${Math.round(latency.worst)} ms of ${latency.count} pictures; ${skipped} skipped, ${unreadable} unreadable`,
  );
  assert.ok(latency.median < latencyLimitMs, `median latency ${latency.median} ms`);
  return latency;
}
