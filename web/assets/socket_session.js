// One attempt to watch by WebSocket: for networks that let through nothing but HTTP. The same outside as Session.
import { canPlay, LiveBuffer } from './live_buffer.js';
import { NoAnswer, refusalOf } from './whep.js';

const CONNECT_TIMEOUT_MS = 8000;
// From then to the first bytes of video. A source that has none yet is no reason to doubt the way.
const FIRST_DATA_MS = 1500;
const ASK_TIMEOUT_MS = 5000;

const UPGRADE_REQUIRED = 426;  // What the address answers when all is well but the WebSocket.

export class SocketSession {
  // Constant after construction.
  #url;
  #opened = deferred();
  #ended = deferred();
  #media = new LiveBuffer(() => this.#end('lost'));
  // The rest.
  #socket = null;
  #video = null;
  #timer;
  #roundTripMs = null;
  #fragments = 0;
  #meter = { frames: 0, at: performance.now(), movedAt: performance.now() };

  timings = {};  // offerPosted, answered, connected, firstFrame: performance.now() of each.

  constructor(stream) {
    this.#url = new URL(`/websocket/${encodeURIComponent(stream)}`, import.meta.url);
  }

  get peerConnection() {
    return null;
  }

  // Resolves with 'no-path', 'lost' or 'closed' once this session can show nothing more.
  get ended() {
    return this.#ended.promise;
  }

  // Resolves once attach() has something to show, the source is silent, or the session has ended; rejects as
  // postOffer() does where the server refuses.
  open() {
    this.timings.offerPosted = performance.now();
    const url = new URL(this.#url);
    url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
    this.#socket = new WebSocket(url);
    this.#socket.binaryType = 'arraybuffer';
    this.#socket.addEventListener('open', () => this.#onOpen());
    this.#socket.addEventListener('message', ({ data }) => this.#handle(data));
    this.#socket.addEventListener('close', () => this.#onClose());
    this.#timer = setTimeout(() => this.#end('no-path'), CONNECT_TIMEOUT_MS);
    return this.#opened.promise;
  }

  // Shows the media in this element.
  attach(video) {
    this.#video = video;
    this.#media.attach(video);
  }

  // Frees both ends.
  async close() {
    this.#end('closed');
  }

  // Gives the session up as lost: the caller knows better.
  abandon() {
    this.#end('lost');
  }

  // Figures as FrameMeter.read() has them.
  async readFigures() {
    const now = performance.now();
    const video = this.#video;
    // Nobody sees what is in the background, and it need not be decoded there: that it comes is enough.
    const shown = video?.getVideoPlaybackQuality().totalVideoFrames ?? 0;
    const frames = document.hidden ? this.#fragments : shown;
    const { frames: before, at } = this.#meter;
    if (frames !== before) this.#meter.movedAt = now;
    this.#meter.frames = frames;
    this.#meter.at = now;
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(String(now));
    return {
      path: { kind: 'websocket', label: 'WebSocket', roundTripMs: this.#roundTripMs },
      frames,
      width: video?.videoWidth ?? 0,
      height: video?.videoHeight ?? 0,
      framesPerSecond: Math.max(0, Math.round(((frames - before) * 1000) / (now - at))),
      roundTripMs: this.#roundTripMs,
      quietMs: now - this.#meter.movedAt,
    };
  }

  #handle(data) {
    if (typeof data === 'string') return this.#handleWords(data);
    this.#fragments += 1;
    this.#media.append(data);
    if (document.hidden) this.#meter.movedAt = performance.now();
    if (this.timings.connected === undefined) this.#connected(performance.now());
  }

  #onOpen() {
    this.timings.answered = performance.now();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#connected(this.timings.answered), FIRST_DATA_MS);
  }

  #connected(at) {
    clearTimeout(this.#timer);
    this.timings.connected = at;
    this.#opened.resolve();
  }

  // What comes next, or our own words back.
  #handleWords(words) {
    const said = JSON.parse(words);
    if (typeof said === 'number') {
      this.#roundTripMs = performance.now() - said;
      return;
    }
    if (!canPlay(said.type)) {
      this.#opened.reject(new Error(`it cannot play ${said.type}`));
      this.#end('lost');
      return;
    }
    this.#media.begin(said.type, said.timescale);
  }

  async #onClose() {
    if (this.timings.connected !== undefined) return this.#end('lost');
    const error = this.timings.answered === undefined ? await this.#reason() : null;
    if (error !== null) this.#opened.reject(error);
    this.#end('no-path');
  }

  // Pages are not told why a WebSocket was refused, but the same address says it to whoever just asks. Resolves to
  // null when only the WebSocket does not get through.
  async #reason() {
    try {
      const response = await fetch(this.#url, { cache: 'no-store', signal: AbortSignal.timeout(ASK_TIMEOUT_MS) });
      return response.status === UPGRADE_REQUIRED ? null : await refusalOf(response);
    } catch (error) {
      return new NoAnswer(error.message);
    }
  }

  #end(reason) {
    clearTimeout(this.#timer);
    this.#media.close();
    this.#socket?.close();
    this.#ended.resolve(reason);
    this.#opened.resolve();
  }
}

// Promise.withResolvers(), which many browsers do not have yet.
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}
