// The elements of the player, in its shadow tree. What they show is the player's business.

const MARKUP = `
  <div class="stage" data-state="idle">
    <video muted autoplay playsinline disablepictureinpicture></video>
    <div class="cover">
      <svg class="spinner" viewBox="0 0 48 48" aria-hidden="true">
        <circle class="track" cx="24" cy="24" r="20"/><circle class="arc" cx="24" cy="24" r="20"/>
      </svg>
      <p class="message" role="status" aria-live="polite"></p>
      <button class="retry" type="button" hidden>Try again</button>
    </div>
    <button class="tap" type="button" hidden>
      <svg viewBox="0 0 24 24" aria-hidden="true"><path d="M8 5.5v13l11-6.5z"/></svg>Tap to play
    </button>
    <div class="bar top"><slot name="title"></slot><span class="pill"></span></div>
    <div class="bar bottom">
      <p class="readout"></p>
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
  const video = part('video');
  video.muted = true;  // The attribute alone counts only in documents that were parsed, not in clones.
  return {
    stage: part('.stage'),
    video,
    spinner: part('.spinner'),
    message: part('.message'),
    retry: part('.retry'),
    tap: part('.tap'),
    pill: part('.pill'),
    readout: part('.readout'),
    fullScreen: part('.full-screen'),
  };
}
