// <porthole-player stream="NAME" path="auto|direct|ice-tcp|turn-udp|turn-tcp|turn-tls">: plays one stream and says how.
//
// Properties: peerConnection (RTCPeerConnection or null), state ('idle' | 'connecting' | 'playing' | 'waiting' |
// 'failed'), message (the sentence on the screen), timings ({offerPosted, answered, connected, firstFrame} in
// performance.now() milliseconds), figures (of the last second, or null), video (the HTMLVideoElement).
// Event: 'statechange'. Slots: 'title' (beside the state), 'after-message' (below the sentence).
import { ActivityTimer } from './activity.js';
import { canFillScreen, toggleFullScreen } from './full_screen.js';
import { PATHS } from './path.js';
import * as phrases from './phrases.js';
import { buildView } from './player_view.js';
import { Watch } from './watch.js';

class PortholePlayer extends HTMLElement {
  static observedAttributes = ['stream', 'path'];

  #view;
  #watch = null;
  #stopping = Promise.resolve();
  #startDue = false;
  #state = 'idle';
  #figures = null;
  #activity;
  #windowListeners = null;

  constructor() {
    super();
    this.#view = buildView(this.attachShadow({ mode: 'open' }));
    this.#activity = new ActivityTimer(this, (idle) => this.#view.stage.toggleAttribute('data-idle', idle));
    this.#wireControls();
  }

  get peerConnection() { return this.#watch?.session?.peerConnection ?? null; }
  get state() { return this.#state; }
  get message() { return this.#view.message.textContent; }
  get timings() { return { ...this.#watch?.session?.timings }; }
  get figures() { return this.#figures; }
  get video() { return this.#view.video; }

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
    if (typeof RTCPeerConnection === 'undefined') {
      this.#showState({ state: 'failed', message: phrases.noWebRtc, final: false });
      return;
    }
    this.#watch = new Watch(stream, this.path, {
      onState: (news) => this.#showState(news),
      onMedia: (media, session) => this.#showMedia(media, session),
      onFigures: (figures) => this.#showFigures(figures),
    });
    this.#watch.run();
  }

  #stop() {
    if (this.#watch === null) return;
    this.#stopping = this.#watch.stop();
    this.#watch = null;
    this.#showFigures(null);
  }

  #showState({ state, message, final }) {
    this.#state = state;
    this.#view.stage.dataset.state = state;
    this.#view.pill.textContent = phrases.STATE_WORDS[state];
    this.#view.message.textContent = message || phrases.STATE_WORDS[state];
    this.#view.retry.hidden = !final;
    this.#activity.stir();
    this.dispatchEvent(new CustomEvent('statechange', { detail: { state, message } }));
  }

  #showMedia(media, session) {
    const { video } = this.#view;
    const watch = this.#watch;
    video.srcObject = media;
    const shown = () => watch?.frameShown(session);
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(shown);
    else video.addEventListener('loadeddata', shown, { once: true });
    this.#play();
  }

  // Muted video may always play, except where a phone saves power: then a tap does it.
  async #play() {
    try {
      await this.#view.video.play();
      this.#view.tap.hidden = true;
    } catch (error) {
      this.#view.tap.hidden = error.name !== 'NotAllowedError';
    }
  }

  #showFigures(figures) {
    this.#figures = figures;
    this.#view.readout.textContent = figures === null ? '' : phrases.readout(figures);
  }

  #wireControls() {
    const { fullScreen, retry, tap, video } = this.#view;
    fullScreen.hidden = !canFillScreen(this, video);
    fullScreen.addEventListener('click', () => toggleFullScreen(this, video));
    video.addEventListener('dblclick', () => toggleFullScreen(this, video));
    retry.addEventListener('click', () => this.#restart());
    tap.addEventListener('click', () => this.#play());
    this.addEventListener('fullscreenchange', () => {
      fullScreen.setAttribute('aria-pressed', String(document.fullscreenElement === this));
    });
  }
}

customElements.define('porthole-player', PortholePlayer);
