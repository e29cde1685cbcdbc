// Keeps one stream on the screen: one session at a time, and a new one, with back-off, when it ends.
import { Backoff } from './backoff.js';
import { FrameMeter } from './frame_meter.js';
import * as phrases from './phrases.js';
import { Session } from './session.js';
import { fetchStream } from './streams.js';
import { NoAnswer, Refused } from './whep.js';

const MEASURE_INTERVAL_MS = 1000;
// Without frames for this long the server is asked whether the source has an excuse …
const QUIET_MS = 1800;
// … and without an excuse, for this long, the session is replaced.
const STALLED_MS = 5000;
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
  #session = null;
  #state = '';
  #backoff = new Backoff();
  #stopped = false;
  #askedAt = -Infinity;

  // The listener hears onState({state, message, final}), onMedia(MediaStream, session) and onFigures(figures | null).
  constructor(stream, path, listener) {
    this.#stream = stream;
    this.#path = path;
    this.#listener = listener;
  }

  // The current session, or null between two.
  get session() {
    return this.#session;
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
    await this.#session?.close();
  }

  // A frame of this session is on the screen.
  frameShown(session) {
    if (session !== this.#session) return;
    session.timings.firstFrame ??= performance.now();
    this.#playing();
  }

  // One session from beginning to end. Resolves to {afterMs} when another is due, to null when none is.
  async #watchOnce() {
    const session = new Session(this.#stream, this.#path);
    this.#session = session;
    let timer;
    try {
      const media = await session.open();
      if (media === null) return null;
      this.#say('connecting', phrases.connecting);
      this.#listener.onMedia(media, session);
      const meter = new FrameMeter(session.peerConnection);
      timer = setInterval(() => this.#measure(session, meter), MEASURE_INTERVAL_MS);
      return this.#afterEnd(await session.ended);
    } catch (error) {
      return this.#afterError(error);
    } finally {
      clearInterval(timer);
      this.#listener.onFigures(null);
      await session.close();
      this.#session = null;
    }
  }

  #afterEnd(reason) {
    if (reason === 'closed') return null;
    if (reason === 'no-path') this.#say('failed', phrases.noPath(this.#path));
    else if (this.#state === 'playing') this.#say('connecting', phrases.reconnecting);
    return {};
  }

  #afterError(error) {
    if (this.#stopped) return null;
    if (error instanceof NoAnswer) {
      this.#say('waiting', phrases.noAnswer);
      return {};
    }
    if (!(error instanceof Refused)) {
      this.#say('failed', phrases.badAnswer(error.message));
      return {};
    }
    const final = isFinal(error.status);
    const state = error.status === 404 || final ? 'failed' : 'waiting';
    this.#say(state, phrases.refusal(error.status, error.error), final);
    if (final) return null;
    const afterMs = error.status === 404 ? MISSING_RETRY_MS : error.retryAfterMs ?? 0;
    return { afterMs: Math.min(afterMs, MAX_RETRY_AFTER_MS) };
  }

  async #measure(session, meter) {
    let figures;
    try {
      figures = await meter.read();
    } catch {
      return;  // Closed meanwhile.
    }
    if (session !== this.#session) return;
    this.#listener.onFigures(figures);
    if (figures.quietMs >= QUIET_MS) await this.#explainSilence(session, figures.quietMs);
    else if (figures.frames > 0) this.#playing();
  }

  // The connection stands, and no frames come: whose fault is it?
  async #explainSilence(session, quietMs) {
    if (session.timings.connected === undefined || performance.now() - this.#askedAt < ASK_INTERVAL_MS) return;
    this.#askedAt = performance.now();
    try {
      const stream = await fetchStream(this.#stream);
      if (session !== this.#session) return;
      const excuse = stream && phrases.excuse(stream);
      if (excuse) this.#say('waiting', excuse);  // The session stays: the frames will come back over it.
      else if (quietMs >= STALLED_MS) session.abandon();
    } catch {
      if (session !== this.#session) return;
      this.#say('waiting', phrases.noAnswer);
      session.abandon();
    }
  }

  #playing() {
    if (this.#state === 'playing') return;
    this.#backoff.reset();
    this.#askedAt = -Infinity;
    this.#say('playing', '');
  }

  #say(state, message, final = false) {
    this.#state = state;
    this.#listener.onState({ state, message, final });
  }
}
