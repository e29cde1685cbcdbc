// <porthole-player stream="NAME" path="auto|direct|ice-tcp|turn-udp|turn-tcp|turn-tls|websocket">: plays one stream and says how.
//
// Properties: peerConnection (RTCPeerConnection, or null, as over WebSocket), state ('idle' | 'connecting' | 'playing' | 'waiting' |
// 'failed'), message (the sentence on the screen), timings ({offerPosted, answered, connected, firstFrame} in
// performance.now() milliseconds), figures (of the last second, or null), video (the HTMLVideoElement on the screen; another
// one after a change between WebRTC and WebSocket).
// Event: 'statechange'. Slots: 'title' (beside the state), 'after-message' (below the sentence).
import { ActivityTimer } from './activity.js';
import { isSocket } from './climb.js';
import { canFillScreen, toggleFullScreen } from './full_screen.js';
import { PATHS } from './path.js';
import * as phrases from './phrases.js';
import { buildView } from './player_view.js';
import { Watch } from './watch.js';

// Where the server that this player comes from tests its viewer's network.
function diagnosisOf(stream) {
  const url = new URL('/diagnose', import.meta.url);
  url.searchParams.set('stream', stream);
  return url.href;
}

class PortholePlayer extends HTMLElement {
  static observedAttributes = ['stream', 'path'];

  #view;
  #watch = null;
  #stopping = Promise.resolve();
  #startDue = false;
  #state = 'idle';
  #figures = null;
  #video;  // One of the view's, the one on the screen.
  #activity;
  #windowListeners = null;

  constructor() {
    super();
    this.#view = buildView(this.attachShadow({ mode: 'open' }));
    this.#video = this.#view.videos.webrtc;
    this.#activity = new ActivityTimer(this, (idle) => this.#view.stage.toggleAttribute('data-idle', idle));
    this.#wireControls();
  }

  get peerConnection() { return this.#watch?.session?.peerConnection ?? null; }
  get state() { return this.#state; }
  get message() { return this.#view.message.textContent; }
  get timings() { return { ...this.#watch?.session?.timings }; }
  get figures() { return this.#figures; }
  get video() { return this.#video; }

  get path() {
    const path = this.getAttribute('path');
    return PATHS.includes(path) ? path : 'auto';
  }

  connectedCallback() {
    this.#windowListeners = new AbortController();
    const { signal } = this.#windowListeners;
    // A page that goes away takes its session with it; one that comes back from the cache starts anew.
    addEventListener('pagehide', () => this.#stop(), { signal });
    addEventListener('pageshow', (event) => event.persisted && this.#restart(), { signal });
    this.#restart();
  }

  disconnectedCallback() {
    this.#windowListeners.abort();
    this.#stop();
  }

  attributeChangedCallback(name, before, after) {
    if (before !== after && this.isConnected) this.#restart();
  }

  // Several attributes may change in one go: one restart serves them all, after the old session has ended.
  #restart() {
    this.#stop();
    if (this.#startDue) return;
    this.#startDue = true;
    queueMicrotask(async () => {
      await this.#stopping;
      this.#startDue = false;
      if (this.isConnected) this.#start();
    });
  }

  #start() {
    const stream = this.getAttribute('stream');
    if (!stream) return;
    for (const link of this.#view.diagnoseLinks) link.href = diagnosisOf(stream);
    this.#watch = new Watch(stream, this.path, {
      onState: (news) => this.#showState(news),
      onMedia: (session) => this.#attach(session),
      onShown: (session) => this.#bringForward(this.#videoOf(session)),
      onFigures: (figures, socketCause) => this.#showFigures(figures, socketCause),
    });
    this.#watch.run();
  }

  #stop() {
    if (this.#watch === null) return;
    this.#stopping = this.#watch.stop();
    this.#watch = null;
    this.#showFigures(null);
  }

  #showState({ state, message, final, network }) {
    this.#state = state;
    this.#view.stage.dataset.state = state;
    this.#view.pill.textContent = phrases.STATE_WORDS[state];
    this.#view.message.textContent = message || phrases.STATE_WORDS[state];
    this.#view.retry.hidden = !final;
    this.#view.diagnose.hidden = !network;
    this.#activity.stir();
    this.dispatchEvent(new CustomEvent('statechange', { detail: { state, message } }));
  }

  #videoOf(session) {
    const { videos } = this.#view;
    return isSocket(session) ? videos.socket : videos.webrtc;
  }

  #attach(session) {
    const video = this.#videoOf(session);
    const watch = this.#watch;
    session.attach(video);
    const shown = () => watch?.frameShown(session);
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(shown);
    else video.addEventListener('loadeddata', shown, { once: true });
    this.#play(video);
  }

  // The other one lets go of the last picture that it had.
  #bringForward(video) {
    for (const other of Object.values(this.#view.videos)) other.classList.toggle('spare', other !== video);
    video.classList.remove('blank');
    if (video === this.#video) return;
    const before = this.#video;
    this.#video = video;
    before.removeAttribute('src');
    before.srcObject = null;
  }

  // Muted video may always play, except where a phone saves power: then a tap does it.
  async #play(video) {
    try {
      await video.play();
      this.#view.tap.hidden = true;
    } catch (error) {
      this.#view.tap.hidden = error.name !== 'NotAllowedError';
    }
  }

  #showFigures(figures, socketCause) {
    this.#figures = figures;
    this.#view.readout.textContent = figures === null ? '' : phrases.readout(figures);
    this.#view.readout.title = figures?.path ? phrases.explainPath(figures.path.kind) : '';
    const note = figures?.path ? phrases.note(figures.path.kind, socketCause) : '';
    this.#view.note.hidden = note === '';
    this.#view.noteText.textContent = note;
  }

  #wireControls() {
    const { fullScreen, retry, tap, videos } = this.#view;
    const fill = () => toggleFullScreen(this, this.#video);
    fullScreen.hidden = !canFillScreen(this, this.#video);
    fullScreen.addEventListener('click', fill);
    for (const video of Object.values(videos)) video.addEventListener('dblclick', fill);
    retry.addEventListener('click', () => this.#restart());
    tap.addEventListener('click', () => this.#play(this.#video));
    this.addEventListener('fullscreenchange', () => {
      fullScreen.setAttribute('aria-pressed', String(document.fullscreenElement === this));
    });
  }
}

customElements.define('porthole-player', PortholePlayer);
