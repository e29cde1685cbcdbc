// Which kind of session showed the last picture of this server: 'webrtc' or 'websocket'. A hint, and never more.

const KEY = `porthole rung ${new URL(import.meta.url).host}`;
// People carry their machines from one network to another: what held yesterday is not worth a guess.
const LIFETIME_MS = 12 * 3600 * 1000;

export function rememberRung(rung) {
  try {
    localStorage.setItem(KEY, JSON.stringify({ rung, at: Date.now() }));
  } catch {
    // A private window, or storage that is full or forbidden: the next visit climbs from the bottom.
  }
}

// null where nothing is remembered, or not lately.
export function rememberedRung() {
  try {
    const { rung, at } = JSON.parse(localStorage.getItem(KEY));
    const age = Date.now() - at;
    return age >= 0 && age < LIFETIME_MS ? rung : null;
  } catch {
    return null;
  }
}
