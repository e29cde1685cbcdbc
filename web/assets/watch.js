// Keeps one stream on the screen: one climb at a time, and a new one, with back-off, when it ends.
import { Backoff } from './backoff.js';
import { Climb, NoWebRtc } from './climb.js';
import { NotOffered } from './path.js';
import * as phrases from './phrases.js';
import { fetchStream } from './streams.js';
import { NoAnswer, Refused } from './whep.js';

const MEASURE_INTERVAL_MS = 1000;
// Without frames for this long the server is asked whether the source has an excuse …
const QUIET_MS = 1800;
// … and without an excuse, for this long, the session is replaced.
const STALLED_MS = 3500;
// A thousand viewers of one dropped camera must not ask every second.
const ASK_INTERVAL_MS = 3000;
// A stream that does not exist may yet be published: ask again, but seldom.
const MISSING_RETRY_MS = 5000;
const MAX_RETRY_AFTER_MS = 30000;

// Refusals that the same browser would only hear again.
const TRANSIENT = [404, 408, 425, 429];
const isFinal = (status) => status >= 400 && status < 500 && !TRANSIENT.includes(status);

export class Watch {
  // Constant after construction.
  #stream;
  #path;
  #listener;
  // The rest.
  #climb = null;
  #state = '';
  #blamesNetwork = false;
  #backoff = new Backoff();
  #stopped = false;
  #askedAt = -Infinity;
  #pathBlamed = false;  // The server has the stream, and frames do not come.

  // The listener hears onState({state, message, final, network}), where `network` says that the way to the server is to
  // blame, onFigures(figures | null, socketCause), and onMedia(session) and onShown(session) as of Climb.
  constructor(stream, path, listener) {
    this.#stream = stream;
    this.#path = path;
    this.#listener = listener;
  }

  // The session on the screen, or the likeliest to be, or null between two climbs.
  get session() {
    return this.#climb?.current ?? null;
  }

  // Resolves when it was stopped, or when there is nothing left to try.
  async run() {
    this.#say('connecting', phrases.connecting);
    while (!this.#stopped) {
      const next = await this.#watchOnce();
      if (next === null || this.#stopped) return;
      await this.#backoff.pause(next.afterMs);
    }
  }

  // Ends everything at once, as when the page closes. Resolves once the server has heard of it.
  async stop() {
    this.#stopped = true;
    this.#backoff.wake();
    await this.#climb?.close();
  }

  // A frame of this session can be seen.
  frameShown(session) {
    if (!this.#climb?.sessions.includes(session)) return;
    this.#climb.frameShown(session);
    this.#playing();
  }

  // One climb from beginning to end. Resolves to {afterMs} when another is due, to null when none is.
  async #watchOnce() {
    const climb = new Climb(this.#stream, this.#path, {
      onMedia: (session) => {
        // Where nothing got through, that stays on the screen until something does.
        if (this.#state !== 'playing' && !this.#blamesNetwork) this.#say('connecting', phrases.connecting);
        this.#listener.onMedia(session);
      },
      onShown: (session) => this.#listener.onShown(session),
    });
    this.#climb = climb;
    const timer = setInterval(() => climb.sessions.forEach((session) => this.#measure(session)), MEASURE_INTERVAL_MS);
    const { reason, error } = await climb.run();
    clearInterval(timer);
    this.#listener.onFigures(null);
    const next = error === undefined ? this.#afterEnd(reason) : this.#afterError(error);
    await climb.close();
    this.#climb = null;
    return next;
  }

  #afterEnd(reason) {
    if (reason === 'closed') return null;
    if (reason === 'no-path') this.#say('failed', phrases.noPath(this.#path), { network: true });
    else if (this.#state === 'playing') this.#say('connecting', phrases.reconnecting);
    return {};
  }

  #afterError(error) {
    if (this.#stopped) return null;
    if (error instanceof NoAnswer) {
      this.#say('waiting', phrases.noAnswer);
      return {};
    }
    if (error instanceof Refused) return this.#afterRefusal(error);
    if (error instanceof NotOffered || error instanceof NoWebRtc) {
      const message = error instanceof NoWebRtc ? phrases.noWebRtc : phrases.notOffered(this.#path);
      this.#say('failed', message, { final: true, network: true });
      return null;
    }
    this.#say('failed', phrases.badAnswer(error.message));
    return {};
  }

  #afterRefusal({ status, error, retryAfterMs }) {
    const final = isFinal(status);
    const state = status === 404 || final ? 'failed' : 'waiting';
    this.#say(state, phrases.refusal(status, error), { final });
    if (final) return null;
    const afterMs = status === 404 ? MISSING_RETRY_MS : retryAfterMs ?? 0;
    return { afterMs: Math.min(afterMs, MAX_RETRY_AFTER_MS) };
  }

  // Every session is looked at: where the page is hidden, no picture reaches the screen to tell that one has won.
  async #measure(session) {
    let figures;
    try {
      figures = await session.readFigures();
    } catch {
      return;  // Closed meanwhile.
    }
    const showsFrames = figures.frames > 0 && figures.quietMs < QUIET_MS;
    if (showsFrames) this.frameShown(session);
    if (session !== this.session) return;
    this.#listener.onFigures(figures, this.#climb.socketCause);
    if (figures.quietMs >= QUIET_MS) await this.#explainSilence(session, figures.quietMs);
  }

  // The connection stands, and no frames come: whose fault is it?
  async #explainSilence(session, quietMs) {
    if (session.timings.connected === undefined) return;
    if (this.#pathBlamed && quietMs >= STALLED_MS) session.abandon();
    if (performance.now() - this.#askedAt < ASK_INTERVAL_MS) return;
    this.#askedAt = performance.now();
    try {
      const stream = await fetchStream(this.#stream);
      if (session !== this.session) return;
      const excuse = stream && phrases.excuse(stream);
      this.#pathBlamed = !excuse;
      if (excuse) this.#say('waiting', excuse);  // The session stays: the frames will come back over it.
    } catch {
      if (session !== this.session) return;
      this.#say('waiting', phrases.noAnswer);
      session.abandon();
    }
  }

  #playing() {
    if (this.#state === 'playing') return;
    this.#backoff.reset();
    this.#askedAt = -Infinity;
    this.#pathBlamed = false;
    this.#say('playing', '');
  }

  #say(state, message, { final = false, network = false } = {}) {
    this.#state = state;
    this.#blamesNetwork = network;
    this.#listener.onState({ state, message, final, network });
  }
}
