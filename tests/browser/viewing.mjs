// What a test asks of a page that shows a stream.
import { setTimeout as sleep } from 'node:timers/promises';
import { DESKTOP } from './browsers.mjs';
import { ARTEFACTS } from './environment.mjs';

const POLL_MS = 50;

// Runs in the page: everything that tests want to know about the player, as plain values.
async function inspectPlayer() {
  const player = document.querySelector('porthole-player');
  const connection = player?.peerConnection;
  // Before its script has run, the element is there, but knows nothing yet.
  const seen = { state: player?.state, message: player?.message, timings: player?.timings, framesDecoded: 0 };
  seen.readout = player?.shadowRoot?.querySelector('.readout').textContent ?? '';
  if (!connection) return { ...seen, framesDecoded: player?.figures?.frames ?? 0 };  // Over WebSocket, say.
  const stats = await connection.getStats();
  let pair;
  for (const entry of stats.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') {
      seen.framesDecoded = entry.framesDecoded ?? 0;
      seen.framesDropped = entry.framesDropped ?? 0;
      seen.freezes = entry.freezeCount ?? 0;
      seen.packetsLost = entry.packetsLost ?? 0;
      seen.width = entry.frameWidth;
      seen.height = entry.frameHeight;
      seen.codec = stats.get(entry.codecId)?.mimeType;
    }
    if (entry.type === 'transport' && entry.selectedCandidatePairId) {
      pair = stats.get(entry.selectedCandidatePairId);
      seen.srtpCipher = entry.srtpCipher;
    }
    if (entry.type === 'candidate-pair' && entry.selected) pair ??= entry;
  }
  const local = pair && stats.get(pair.localCandidateId);
  const remote = pair && stats.get(pair.remoteCandidateId);
  if (local) {
    seen.local = { type: local.candidateType, protocol: local.protocol, relayProtocol: local.relayProtocol };
  }
  if (remote) seen.remote = { address: remote.address, port: remote.port, protocol: remote.protocol };
  seen.roundTripMs = pair?.currentRoundTripTime === undefined ? undefined : pair.currentRoundTripTime * 1000;
  return seen;
}

export class Viewing {
  #page;

  // Opens `url` in a new page of the browser.
  static async open(browser, url, viewport = DESKTOP) {
    const page = await browser.newPage();
    await page.setViewport(viewport);
    const viewing = new Viewing();
    viewing.#page = page;
    page.on('pageerror', (error) => console.log(`# the page reports: ${error}`));
    await page.goto(url);
    return viewing;
  }

  get page() {
    return this.#page;
  }

  inspect() {
    return this.#page.evaluate(inspectPlayer);
  }

  // Resolves to the first inspection that `holds`; rejects after `limitMs` with the last one.
  async until(what, holds, limitMs) {
    const deadline = Date.now() + limitMs;
    for (;;) {
      const seen = await this.inspect();
      if (holds(seen)) return seen;
      if (Date.now() > deadline) {
        await this.screenshot(`failed-${what.replace(/\W+/g, '-')}`);
        throw new Error(`not within ${limitMs} ms: ${what}; last seen ${JSON.stringify(seen)}`);
      }
      await sleep(POLL_MS);
    }
  }

  untilPlaying(limitMs = 10000) {
    return this.until('playing', ({ state }) => state === 'playing', limitMs);
  }

  untilFrames(count, limitMs) {
    return this.until(`${count} decoded frames`, ({ framesDecoded }) => framesDecoded >= count, limitMs);
  }

  screenshot(name) {
    return this.#page.screenshot({ path: `${ARTEFACTS}/${name}.png` });
  }

  // Leaves as a person does, so that the page can say goodbye to the server.
  async close() {
    await this.#page.goto('about:blank');
    await this.#page.close();
  }
}
