// What a WebSocket brought, on its way into a <video>: keeps the picture at the live edge, and memory small.

// Behind the newest frame, so that one that comes a little late is still in time.
const TARGET_LAG_S = 0.08;
// Playback runs a little faster or slower to get there …
const TOLERANCE_S = 0.03;
const NUDGE = 0.05;
// … and jumps where that would take long. A jump costs the decoder all frames since the last keyframe.
const MAX_LAG_S = 0.5;
const MIN_JUMP_INTERVAL_MS = 1000;
// What has been seen is kept for so long, and removed in larger steps.
const KEPT_S = 10;
const TRIM_STEP_S = 5;
// What waits for the decoder. A page in the background may be slow, but not for ever.
const MAX_WAITING_BYTES = 16 << 20;
const APPEND_BYTES = 1 << 20;

const Source = globalThis.ManagedMediaSource ?? globalThis.MediaSource;

export const canPlay = (type) => Source !== undefined && Source.isTypeSupported(type);

export class LiveBuffer {
  // Constant after construction.
  #source = new Source();
  #onBroken;
  // The rest.
  #video = null;
  #url = null;
  #buffer = null;
  #type = null;
  #timescale = 1;
  #newest = 0;  // The time of the newest frame that was handed over, in seconds.
  #waiting = [];  // Types as strings and bytes, in order.
  #waitingBytes = 0;
  #jumpedAt = -Infinity;
  #listeners = new AbortController();

  // `onBroken` is called once nothing more can be shown.
  constructor(onBroken) {
    this.#onBroken = onBroken;
  }

  attach(video) {
    const { signal } = this.#listeners;
    if (signal.aborted) return;
    this.#video = video;
    this.#source.addEventListener('sourceopen', () => this.#pump(), { signal });
    this.#source.addEventListener('sourceclose', () => this.#break(), { signal });
    video.addEventListener('error', () => this.#break(), { signal });
    video.addEventListener('waiting', () => this.#keepLive(), { signal });
    document.addEventListener('visibilitychange', () => this.#resume(), { signal });
    video.srcObject = null;
    video.disableRemotePlayback = true;  // What ManagedMediaSource asks for.
    this.#url = URL.createObjectURL(this.#source);
    video.src = this.#url;
  }

  // Another stream begins: its MIME type, and the ticks a second of its times.
  begin(type, timescale) {
    this.#timescale = timescale;
    this.#waiting.push(type);
    this.#pump();
  }

  append(bytes) {
    const time = decodeTime(bytes);
    if (!Number.isNaN(time)) this.#newest = time / this.#timescale;
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.byteLength;
    if (this.#waitingBytes > MAX_WAITING_BYTES) this.#break();
    else this.#pump();
  }

  // The picture that is shown stays.
  close() {
    this.#listeners.abort();
    this.#waiting = [];
    if (this.#url !== null) URL.revokeObjectURL(this.#url);
  }

  #break() {
    if (this.#listeners.signal.aborted) return;
    this.close();
    this.#onBroken();
  }

  #pump() {
    if (this.#source.readyState !== 'open' || this.#buffer?.updating || this.#listeners.signal.aborted) return;
    try {
      while (typeof this.#waiting[0] === 'string') this.#use(this.#waiting.shift());
      if (this.#waiting.length > 0 && this.#buffer !== null) this.#appendNext();
    } catch (error) {
      if (error.name !== 'QuotaExceededError' || !this.#makeRoom()) this.#break();
    }
  }

  #use(type) {
    if (this.#buffer === null) {
      this.#buffer = this.#source.addSourceBuffer(type);
      this.#buffer.addEventListener('updateend', () => this.#onUpdated(), { signal: this.#listeners.signal });
    } else if (type !== this.#type) {
      this.#buffer.changeType(type);
    }
    this.#type = type;
  }

  // Many small pieces at once are cheaper than one after the other.
  #appendNext() {
    let count = 0;
    let size = 0;
    while (this.#waiting[count] instanceof ArrayBuffer && (count === 0 || size < APPEND_BYTES)) {
      size += this.#waiting[count].byteLength;
      count += 1;
    }
    const bytes = new Uint8Array(size);
    let at = 0;
    for (const piece of this.#waiting.slice(0, count)) {
      bytes.set(new Uint8Array(piece), at);
      at += piece.byteLength;
    }
    this.#buffer.appendBuffer(bytes);
    this.#waiting.splice(0, count);
    this.#waitingBytes -= size;
  }

  #onUpdated() {
    this.#keepLive();
    if (!this.#buffer.updating) this.#trim();
    this.#pump();
  }

  #keepLive() {
    const video = this.#video;
    if (document.hidden || video.seeking || this.#last() === null) return;
    const lag = this.#newest - video.currentTime;
    if (Math.abs(lag) > MAX_LAG_S) this.#jump();
    const off = lag - TARGET_LAG_S;
    video.playbackRate = Math.abs(off) < TOLERANCE_S ? 1 : 1 + Math.sign(off) * NUDGE;
  }

  #jump() {
    const now = performance.now();
    const { start, end } = this.#last();
    const target = Math.max(start, Math.min(this.#newest, end) - TARGET_LAG_S);
    if (now - this.#jumpedAt < MIN_JUMP_INTERVAL_MS || target === this.#video.currentTime) return;
    this.#jumpedAt = now;
    this.#video.currentTime = target;
  }

  // What is buffered without a gap up to the newest frame, or null.
  #last() {
    const buffered = this.#buffer?.buffered;
    const count = buffered?.length ?? 0;
    return count === 0 ? null : { start: buffered.start(count - 1), end: buffered.end(count - 1) };
  }

  // Browsers let a picture that nobody sees stand still.
  #resume() {
    if (document.hidden) return;
    this.#jumpedAt = -Infinity;
    this.#keepLive();
    this.#video.play().catch(() => {});
  }

  #trim() {
    if (this.#last() === null || this.#buffer.buffered.start(0) > this.#newest - KEPT_S - TRIM_STEP_S) return;
    this.#buffer.remove(0, this.#newest - KEPT_S);
  }

  // False when there is nothing left to give up.
  #makeRoom() {
    const until = Math.min(this.#video.currentTime, this.#newest) - 1;
    if (this.#last() === null || this.#buffer.buffered.start(0) >= until) return false;
    this.#buffer.remove(0, until);
    return true;
  }
}

// The payload of the first box of this type, as a DataView; null where there is none.
function box(view, type) {
  for (let at = 0; at + 8 <= view.byteLength;) {
    const size = view.getUint32(at);
    const name = String.fromCharCode(...[4, 5, 6, 7].map((i) => view.getUint8(at + i)));
    if (size < 8 || at + size > view.byteLength) return null;
    if (name === type) return new DataView(view.buffer, view.byteOffset + at + 8, size - 8);
    at += size;
  }
  return null;
}

// When a fragment begins, in ticks (ISO 14496-12 section 8.8.12); NaN for an init segment.
export function decodeTime(bytes) {
  const time = ['moof', 'traf', 'tfdt'].reduce((view, type) => view && box(view, type), new DataView(bytes));
  if (time === null) return NaN;
  return time.getUint8(0) === 1 ? Number(time.getBigUint64(4)) : time.getUint32(4);
}
