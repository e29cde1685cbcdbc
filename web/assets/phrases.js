// Every sentence that the player says, in one place.
import { isRelayed, pathLabel } from './path.js';

export const connecting = 'Connecting…';
export const reconnecting = 'Connection lost. Connecting again…';
export const noAnswer = 'The server does not answer; trying again…';
export const notSending = 'The camera is not sending at the moment; trying again…';
export const starting = 'The stream is starting…';
export const missing = 'This stream does not exist.';
export const noWebRtc = 'This browser has no WebRTC, or it is switched off, and video over WebSocket does not work either.';

export const notOffered = (path) => `This server does not offer ${pathLabel(path)}.`;

export const badAnswer = (why) => `The server's answer is of no use to this browser (${why}); trying again…`;

export function noPath(path) {
  if (isRelayed(path)) {
    return `No path to the server: ${pathLabel(path)} was asked for and does not get through; trying again…`;
  }
  if (path !== 'auto') {
    return `No path to the server: ${pathLabel(path)} is blocked on this network; trying again…`;
  }
  return 'No path to the server: neither UDP nor TCP nor WebSocket gets through; trying again…';
}

// A sentence for what the API says of a stream that shows no picture, or null where it has no excuse.
export function excuse(stream) {
  if (stream.state === 'starting') return starting;
  if (stream.state === 'reconnecting') return notSending;
  return null;
}

// What a refused offer means to the person who watches. `error` is the server's own sentence, if it sent one.
export function refusal(status, error) {
  if (status === 404) return missing;
  if (status === 503) return error ?? notSending;
  return error ?? `The server refused with HTTP status ${status}.`;
}

export const STATE_WORDS = {
  idle: 'Stopped',
  connecting: 'Connecting',
  playing: 'Live',
  waiting: 'Waiting',
  failed: 'Not playing',
};

const LATE_BECAUSE = {
  asked: 'it comes over a WebSocket, as was asked for',
  network: 'this network lets through web traffic only',
  'no-webrtc': 'this browser has no WebRTC, or it is switched off',
  'no-codec': 'this stream is in no format that WebRTC plays in this browser',
};

// What the person who watches should know of the path in use, or ''. `socketCause` is Climb's.
export const note = (kind, socketCause) =>
  kind === 'websocket' ? `The picture is later than usual: ${LATE_BECAUSE[socketCause]}.` : '';

const PATHS_EXPLAINED = {
  'direct-udp': 'Straight from the server, over UDP: the best way.',
  'direct-tcp': 'Straight from the server, over TCP: for networks that let no UDP through.',
  'turn-udp': 'Relayed by the server itself, over UDP.',
  'turn-tcp': 'Relayed by the server itself, over TCP: for networks that let no UDP through.',
  'turn-tls': 'Relayed by the server itself, inside TLS: for networks that let nothing else through.',
  websocket: 'As web traffic, over a WebSocket. The picture is later than over other ways.',
};

// A sentence about the path in use, for those who ask what its name means.
export const explainPath = (kind) => PATHS_EXPLAINED[kind] ?? '';

// "direct UDP · 1280×720 · 30 fps · 2 ms"
export function readout({ path, width, height, framesPerSecond, roundTripMs }) {
  const parts = [];
  if (path !== null) parts.push(path.label);
  if (width > 0) parts.push(`${width}×${height}`, `${framesPerSecond} fps`);
  if (roundTripMs !== null) parts.push(roundTripMs < 1 ? '<1 ms' : `${Math.round(roundTripMs)} ms`);
  return parts.join(' · ');
}
