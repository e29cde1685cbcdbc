// The elements of the player, in its shadow tree. What they show is the player's business.

const MARKUP = `
  <div class="stage" data-state="idle">
    <video class="blank" muted autoplay playsinline disablepictureinpicture></video>
    <video class="spare" muted autoplay playsinline disablepictureinpicture></video>
    <div class="cover">
      <svg class="mark" viewBox="0 0 96 96" aria-hidden="true">
        <circle class="ring" cx="48" cy="48" r="43"/><circle class="arc" cx="48" cy="48" r="43"/>
        <circle class="glass" cx="48" cy="48" r="33"/>
        <path class="wave" d="M18 52q7.5-6 15 0t15 0 15 0 15 0"/><path class="wave faint" d="M22 62q6.5-5 13 0t13 0 13 0 13 0"/>
      </svg>
      <p class="message" role="status" aria-live="polite"></p>
      <div class="actions">
        <button class="retry" type="button" hidden>Try again</button>
        <a class="diagnose" target="_blank" hidden>Test this network</a><slot name="after-message"></slot>
      </div>
    </div>
    <button class="tap" type="button" hidden>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5.5v13l11-6.5z"/></svg>Tap to play
    </button>
    <div class="bar top"><slot name="title"></slot><span class="pill"></span></div>
    <div class="bar bottom">
      <div class="facts">
        <p class="note" hidden><span></span> <a target="_blank">Test this network</a></p>
        <p class="readout"></p>
      </div>
      <button class="full-screen" type="button" aria-label="Full screen" title="Full screen (double click)" aria-pressed="false">
        <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5"/></svg>
      </button>
    </div>
  </div>`;

// Fills the shadow root and returns its parts by name.
export function buildView(root) {
  const style = document.createElement('link');
  style.rel = 'stylesheet';
  style.href = new URL('./player.css', import.meta.url).href;
  const template = document.createElement('template');
  template.innerHTML = MARKUP;
  root.append(style, template.content);

  const part = (selector) => root.querySelector(selector);
  const [webrtc, socket] = root.querySelectorAll('video');
  // The attribute alone counts only in documents that were parsed, not in clones.
  for (const video of [webrtc, socket]) video.muted = true;
  return {
    stage: part('.stage'),
    videos: { webrtc, socket },  // One for each kind of session, so that one can take over from the other unseen.
    message: part('.message'),
    retry: part('.retry'),
    diagnose: part('.diagnose'),
    tap: part('.tap'),
    pill: part('.pill'),
    note: part('.note'),
    noteText: part('.note span'),
    diagnoseLinks: root.querySelectorAll('a'),
    readout: part('.readout'),
    fullScreen: part('.full-screen'),
  };
}
