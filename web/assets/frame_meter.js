// Figures of one connection, read from its statistics: path, picture size, frame rate, and how long it has been quiet.
import { pathInUse } from './path.js';

function inboundVideo(stats) {
  for (const entry of stats.values()) {
    if (entry.type === 'inbound-rtp' && entry.kind === 'video') return entry;
  }
  return undefined;
}

export class FrameMeter {
  #connection;  // Borrowed: the session's.
  #frames = 0;
  #framesAt = performance.now();
  #quietSince = performance.now();

  constructor(connection) {
    this.#connection = connection;
  }

  // Resolves to {path, width, height, framesPerSecond, roundTripMs, frames, quietMs}.
  async read() {
    const stats = await this.#connection.getStats();
    const now = performance.now();
    const video = inboundVideo(stats);
    const path = pathInUse(stats);
    const frames = video?.framesDecoded ?? 0;
    const counted = ((frames - this.#frames) * 1000) / (now - this.#framesAt);
    if (frames !== this.#frames) this.#quietSince = now;
    this.#frames = frames;
    this.#framesAt = now;
    return {
      path,
      frames,
      width: video?.frameWidth ?? 0,
      height: video?.frameHeight ?? 0,
      framesPerSecond: Math.round(video?.framesPerSecond ?? counted),
      roundTripMs: path?.roundTripMs ?? null,
      quietMs: now - this.#quietSince,
    };
  }
}
