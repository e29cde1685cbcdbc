// Waits between attempts: short at first, longer while nothing helps.

const FIRST_MS = 500;
const MAX_MS = 5000;

export class Backoff {
  #nextMs = FIRST_MS;
  #wake = () => {};

  // An attempt succeeded: the next failure is a new story.
  reset() {
    this.#nextMs = FIRST_MS;
  }

  // Resolves after the due time, not before `atLeastMs`; sooner only when the network comes back or wake() is called.
  async pause(atLeastMs = 0) {
    // Viewers that lost the same server must not all return in the same instant.
    const jitter = 0.8 + 0.4 * Math.random();
    const waitMs = Math.max(atLeastMs, Math.min(MAX_MS, this.#nextMs * jitter));
    this.#nextMs = Math.min(MAX_MS, this.#nextMs * 2);
    await new Promise((resolve) => {
      const timer = setTimeout(resolve, waitMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
      addEventListener('online', this.#wake, { once: true });
    });
    removeEventListener('online', this.#wake);
    this.#wake = () => {};
  }

  // Ends a pause that is going on.
  wake() {
    this.#wake();
  }
}
