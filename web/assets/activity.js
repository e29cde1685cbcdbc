// Notices when nobody has moved, touched or typed for a while, so that controls can step out of the picture.

const IDLE_MS = 3000;

export class ActivityTimer {
  #report;
  #timer;

  // `report` hears true when all is still, false when somebody stirs.
  constructor(element, report) {
    this.#report = report;
    for (const type of ['pointermove', 'pointerdown', 'keydown', 'focusin']) {
      element.addEventListener(type, () => this.stir(), { passive: true });
    }
  }

  stir() {
    clearTimeout(this.#timer);
    this.#report(false);
    this.#timer = setTimeout(() => this.#report(true), IDLE_MS);
  }
}
