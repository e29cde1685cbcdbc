// What the network test says: titles, reasons, the verdict and the report, from the findings of probe.js.
//
// `place` is where the page came from and what shows it: {host, port, secure, firefox}.
import { isRelayed } from './path.js';

export const TITLES = {
  direct: 'Direct, over UDP',
  'ice-tcp': 'Direct, over TCP',
  'turn-udp': 'Relayed, over UDP',
  'turn-tcp': 'Relayed, over TCP',
  'turn-tls': 'Relayed, over TLS',
  websocket: 'WebSocket',
};

export const ABOUT = {
  direct: 'The best way: straight from the server, with the least delay.',
  'ice-tcp': 'Straight from the server too, where no UDP gets through.',
  'turn-udp': 'The server’s own TURN relay. Tried for completeness: it reaches no further than direct UDP.',
  'turn-tcp': 'The server’s own TURN relay, where no UDP gets through.',
  'turn-tls': 'The same inside TLS, which looks like HTTPS from outside.',
  websocket: 'The last resort: video as web traffic. The picture is later.',
};

const SECURITY_SOFTWARE = 'A setting, an extension or a rule of an organisation may be the cause.';

const isLoopback = (host) => /^127\.|^\[?::1\]?$|^localhost$/.test(host);
const isPrivate = (host) => /^10\.|^192\.168\.|^172\.(1[6-9]|2\d|3[01])\./.test(host);

const places = (targets) => [...new Set(targets.map(({ host, port }) => `${host} port ${port}`))].join(' or ');

// What to ask a firewall's owner for.
const plea = (protocol, targets) => `Ask for: allow ${protocol} to ${places(targets)}.`;

// Chromium drops candidates on private addresses below port 1024, and below it elsewhere but for 80 and 443.
const isUnusable = ({ host, port }) => port < 1024 && (isPrivate(host) || (port !== 80 && port !== 443));

function noUdp({ path, targets, gathered }, place) {
  if (path === 'direct' && targets.every(({ host }) => isLoopback(host)) && place.firefox) {
    return 'Firefox takes no media from this machine’s own address 127.0.0.1. Open the page by another address of the server.';
  }
  if (path === 'direct' && !gathered.some((candidate) => candidate.endsWith(' udp'))) {
    return `This browser sends no UDP at all. ${SECURITY_SOFTWARE}`;
  }
  return `UDP to ${places(targets)} does not get through, or its answers do not come back. ${plea('UDP', targets)}`;
}

// TCP that brought the page, and does not bring the media.
const samePort = (targets, place) => targets.some(({ port }) => port === place.port);

function noTcp({ targets }, place) {
  if (!samePort(targets, place)) return `TCP to ${places(targets)} does not get through. ${plea('TCP', targets)}`;
  return (
    `The page itself came over TCP port ${place.port}, but other traffic to the same port is stopped: a proxy or a ` +
    `firewall on the way lets only ${place.secure ? 'TLS' : 'web traffic'} pass. ${plea('TCP', targets).slice(0, -1)}, whatever is inside it.`
  );
}

function noTls({ targets }, place) {
  const trust = 'the browser does not trust the certificate for this name (a warning that was clicked away counts for pages only)';
  const opened = 'something on the way opens TLS to look inside (an inspecting proxy)';
  const blame = samePort(targets, place) && place.secure ? `Either ${opened}, or ${trust}.` :
    `TLS to ${places(targets)} does not get through, or ${trust}.`;
  return `${blame} ${plea('TLS', targets).slice(0, -1)}, without inspection.`;
}

const NO_PATH = {
  direct: noUdp,
  'turn-udp': noUdp,
  'ice-tcp': noTcp,
  'turn-tcp': noTcp,
  'turn-tls': noTls,
  websocket: (_, { host, port, secure }) =>
    'Something on the way lets web pages pass, but no WebSocket. ' +
    `Ask for: allow WebSocket (the HTTP upgrade) to ${host} port ${port}${secure ? ', without inspection' : ''}.`,
};

// A reason that TURN itself gives, or null. Codes of STUN (RFC 8489) are the server's answers; 701 is the browser's own, for
// none.
function ofTurn({ gathered, iceErrors, targets }) {
  const refusal = iceErrors.find(({ code }) => code >= 300 && code < 700);
  if (refusal !== undefined) return `The server’s TURN refused: ${refusal.code} ${refusal.text}.`;
  if (gathered.some((candidate) => candidate.startsWith('relay'))) {
    return 'The server’s TURN answers, but what goes through it does not arrive. Please report this to the server’s owner.';
  }
  // Chromium's words. For UDP it asks the name servers itself, even where a proxy would do that for pages.
  if (!iceErrors.some(({ text }) => /host lookup/.test(text))) return null;
  return `This browser finds no address for ${targets[0].host}. Ask for: let this network’s name servers (DNS) know it.`;
}

function noPath(finding, place) {
  const { path, targets } = finding;
  if (!isRelayed(path) && !place.firefox && targets.length > 0 && targets.every(isUnusable)) {
    return `This browser takes no media directly from ${places(targets)}, as the port is below 1024. Other ways remain.`;
  }
  const words = isRelayed(path) ? ofTurn(finding) : null;
  if (words !== null) return words;
  return NO_PATH[finding.path](finding, place);
}

const NOT_OFFERED = {
  'turn-tls': 'Not offered: the server has no certificate of its own (--tls-cert, --tls-key), which TURN over TLS needs.',
};

const OTHER_REASONS = {
  'not-offered': ({ path }) => NOT_OFFERED[path] ?? 'Not offered by this server.',
  'no-answer': () => 'The server did not answer the request.',
  refused: ({ detail }) => `The server refused: ${detail}`,
  'no-webrtc': () => `This browser has no WebRTC, or it is switched off. ${SECURITY_SOFTWARE}`,
  'no-use': ({ detail }) => `This browser refuses: ${detail}`,
  'no-picture': () =>
    'It connects, but no picture came. Either the stream is not sending, or large packets are lost on the way.',
};

// Why a way does not work, in a sentence or two.
export function reasonOf(finding, place) {
  if (finding.outcome === 'no-path') return noPath(finding, place);
  return OTHER_REASONS[finding.outcome](finding);
}

// How a row looks: 'works', 'fails' or 'absent'.
export function lampOf({ outcome }) {
  if (outcome === 'works') return 'works';
  return outcome === 'not-offered' ? 'absent' : 'fails';
}

// Empty for what is not known.
export function milliseconds(value) {
  if (!Number.isFinite(value)) return '';
  return value < 1 ? '<1 ms' : `${Math.round(value)} ms`;
}

function resultOf(finding, place) {
  if (finding.outcome !== 'works') return reasonOf(finding, place);
  const times = [['connected in', finding.connectMs], ['picture after', finding.pictureMs], ['round trip', finding.roundTripMs]];
  const parts = times.filter(([, value]) => Number.isFinite(value)).map(([what, value]) => `${what} ${milliseconds(value)}`);
  return `works (${parts.join(', ')})`;
}

// What all findings together mean to the person who watches: {state: 'good' | 'fair' | 'poor', text}.
export function verdictOf(findings) {
  const works = (...paths) => findings.some(({ path, outcome }) => paths.includes(path) && outcome === 'works');
  if (works('direct')) return { state: 'good', text: 'All is well: the picture comes directly, over UDP.' };
  if (works('turn-udp')) return { state: 'good', text: 'UDP gets through, but by the relay alone.' };
  if (works('ice-tcp', 'turn-tcp')) {
    return { state: 'fair', text: 'No UDP gets through. The picture comes over TCP: fine on a good line, and it may stop for moments on a bad one.' };
  }
  if (works('turn-tls')) {
    return { state: 'fair', text: 'Only TLS gets through. The picture comes inside it: fine on a good line, and it may stop for moments on a bad one.' };
  }
  if (works('websocket')) {
    return { state: 'fair', text: 'Only web traffic gets through. The picture comes over a WebSocket, later than it could.' };
  }
  if (findings.some(({ outcome }) => outcome === 'no-picture')) {
    return { state: 'poor', text: 'The server can be reached, but no picture comes.' };
  }
  return { state: 'poor', text: 'Nothing but the page itself gets through.' };
}

// Plain text, to be sent to somebody. `about` is {url, stream, browser, date}.
export function reportOf(findings, place, { url, stream, browser, date }) {
  const lines = findings.map((finding) => `- ${TITLES[finding.path]}: ${resultOf(finding, place)}`);
  return [
    'Porthole network test',
    `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC, ${url}, stream ${stream}`,
    browser,
    '',
    verdictOf(findings).text,
    '',
    ...lines,
    '',
  ].join('\n');
}
