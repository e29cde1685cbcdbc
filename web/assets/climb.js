// One climb up the ladder: the session, or for a while the two sessions, of one attempt to watch.
//
// One RTCPeerConnection races every rung that ICE knows. When it is not connected in time, a WebSocket starts beside it,
// and whichever shows a frame first is on the screen. WebRTC goes on trying: its delay is lower, so it takes over whenever
// it gets through, and neither a slow start nor a memory can hold anybody on the worse rung.
import { rememberedRung, rememberRung } from './rung_memory.js';
import { Session } from './session.js';
import { Refused } from './whep.js';

// From the answer to the WebSocket: time enough for ICE over TURN and TCP with 150 ms of round trip, and short enough that
// a picture is there within 3 s of loading the page where nothing but the WebSocket works.
const HEAD_START_MS = 1000;
// Where ICE has found a path by then, the handshake on it: a matter of round trips, or of a slow machine.
const HANDSHAKE_MS = 1000;

// This browser has no WebRTC, or it is switched off.
export class NoWebRtc extends Error {}

const NO_COMMON_CODEC = 406;

export const isSocket = (session) => session.peerConnection === null;

export class Climb {
  // Constant after construction.
  #stream;
  #path;
  #listener;
  // The rest.
  #finish = () => {};
  #sessions = [];  // That may still show something.
  #closing = [];  // Promises of those that may not.
  #running = 0;  // Attempts, among them one that has no session yet.
  #shown = null;
  #timer;
  #socketTried = false;
  #ended = null;  // How WebRTC ended, or else the WebSocket.
  #over = false;

  // The listener hears onMedia(session) when a session has something to attach, and onShown(session) when its pictures
  // are the ones to look at.
  constructor(stream, path, listener) {
    this.#stream = stream;
    this.#path = path;
    this.#listener = listener;
  }

  // Those that may still show something, best first.
  get sessions() {
    return [...this.#sessions];
  }

  // The session on the screen, or the likeliest to be, or null.
  get current() {
    return this.#shown ?? this.#sessions[0] ?? null;
  }

  // Why a WebSocket is tried at all: 'asked', 'no-webrtc', 'no-codec' or 'network'.
  get socketCause() {
    if (this.#path === 'websocket') return 'asked';
    if (this.#ended?.error instanceof NoWebRtc) return 'no-webrtc';
    return this.#ended?.error instanceof Refused ? 'no-codec' : 'network';
  }

  // Resolves to {reason} or {error} once there is nothing to watch any more: `reason` as of Session.ended, `error` as
  // Session.open() rejects, or NoWebRtc.
  run() {
    return new Promise((resolve) => {
      this.#finish = resolve;
      if (this.#path === 'websocket') return this.#trySocket();
      this.#try(() => this.#makeSession(), false);
      if (this.#path === 'auto' && rememberedRung() === 'websocket') this.#trySocket();
    });
  }

  // A frame of this session can be seen.
  frameShown(session) {
    if (!this.#sessions.includes(session) || session === this.#shown) return;
    session.timings.firstFrame ??= performance.now();
    this.#shown = session;
    if (this.#path === 'auto') rememberRung(isSocket(session) ? 'websocket' : 'webrtc');
    this.#listener.onShown(session);
    if (isSocket(session)) return;
    clearTimeout(this.#timer);
    this.#socketTried = true;
    this.#sessions.filter(isSocket).forEach((loser) => this.#drop(loser));
  }

  // Frees everything. Resolves once the server has heard of it.
  async close() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#sessions.forEach((session) => this.#drop(session));
    this.#finish({ reason: 'closed' });
    await Promise.all(this.#closing);
  }

  #makeSession() {
    if (typeof RTCPeerConnection === 'undefined') throw new NoWebRtc();
    return new Session(this.#stream, this.#path);
  }

  // Its modules are loaded only where they are needed.
  #trySocket() {
    if (this.#socketTried || this.#over) return;
    this.#socketTried = true;
    this.#try(async () => {
      const { SocketSession } = await import('./socket_session.js');
      return new SocketSession(this.#stream, this.#path);
    }, true);
  }

  async #try(make, isFallback) {
    this.#running += 1;
    const { session, ...ended } = await this.#watch(make);
    this.#running -= 1;
    if (session !== null && session === this.#shown) return this.#finish(ended);
    if (!isFallback || this.#ended === null) this.#ended = ended;
    const falls = !isFallback && this.#path === 'auto' && mayFall(ended);
    if (falls) this.#trySocket();
    const hopeless = !isFallback && !falls && this.#shown === null;
    if (hopeless || this.#running === 0) this.#finish(this.#ended);
  }

  // One session from beginning to end. Resolves to {session, reason} or {session, error}.
  async #watch(make) {
    let session = null;
    try {
      session = await make();
      this.#sessions.push(session);
      this.#sessions.sort((a, b) => isSocket(a) - isSocket(b));
      // The other may have won while the modules were loaded.
      if (this.#over || this.#shown !== null) return { session, reason: 'closed' };
      await session.open();
      if (this.#sessions.includes(session)) this.#opened(session);
      return { session, reason: await session.ended };
    } catch (error) {
      return { session, error };
    } finally {
      this.#drop(session);
    }
  }

  #opened(session) {
    this.#listener.onMedia(session);
    if (isSocket(session) || this.#path !== 'auto') return;
    const fall = () => session.timings.connected === undefined && this.#trySocket();
    this.#timer = setTimeout(() => {
      if (hasPath(session.peerConnection)) this.#timer = setTimeout(fall, HANDSHAKE_MS);
      else fall();
    }, HEAD_START_MS);
  }

  #drop(session) {
    if (!this.#sessions.includes(session)) return;
    this.#sessions = this.#sessions.filter((other) => other !== session);
    this.#closing.push(session.close());
  }
}

const hasPath = ({ iceConnectionState }) => ['connected', 'completed'].includes(iceConnectionState);

// What the WebSocket could still mend: everything but a server that is silent or says no. It may have a codec in common
// where WebRTC has none.
function mayFall({ reason, error }) {
  if (error === undefined) return reason !== 'closed';
  return error instanceof NoWebRtc || (error instanceof Refused && error.status === NO_COMMON_CODEC);
}
