// The ladder's rungs: which ICE servers and candidates each may use, and which of them carries the media now.

export const RUNGS = ['direct', 'ice-tcp', 'turn-udp', 'turn-tcp', 'turn-tls', 'websocket'];
export const PATHS = ['auto', ...RUNGS];

// The server does not have the one rung that was asked for.
export class NotOffered extends Error {}

export const isRelayed = (path) => path.startsWith('turn-');

// Transports of a TURN URL (RFC 7065): "turns:" is TLS, "turn:" is UDP unless it says otherwise.
function rungOfUrl(url) {
  if (url.startsWith('turns:')) return 'turn-tls';
  if (!url.startsWith('turn:')) return null;
  return /[?&]transport=tcp/i.test(url) ? 'turn-tcp' : 'turn-udp';
}

// A forced rung must not be helped by the others, whatever the server offers.
export function iceConfiguration(path, iceServers) {
  if (isRelayed(path)) {
    return {
      iceServers: iceServers.filter(({ urls }) => rungOfUrl(urls) === path),
      iceTransportPolicy: 'relay',
    };
  }
  return { iceServers: path === 'auto' ? iceServers : [], iceTransportPolicy: 'all' };
}

// Direct rungs keep only the answer's candidates of their own transport.
export function answerForPath(path, sdp) {
  if (path !== 'direct' && path !== 'ice-tcp') return sdp;
  const wanted = path === 'direct' ? 'udp' : 'tcp';
  const line = /^a=candidate:\S+ \d+ (\S+) /;
  return sdp
    .split('\r\n')
    .filter((text) => {
      const transport = line.exec(text)?.[1];
      return transport === undefined || transport.toLowerCase() === wanted;
    })
    .join('\r\n');
}

// Whether a forced rung has anything to go by, in what iceConfiguration() and answerForPath() left of an answer.
export function isOffered(path, { iceServers }, sdp) {
  if (isRelayed(path)) return iceServers.length > 0;
  return path === 'auto' || /^a=candidate:/m.test(sdp);
}

const LABELS = {
  'direct-udp': 'direct UDP',
  'direct-tcp': 'direct TCP',
  'turn-udp': 'TURN over UDP',
  'turn-tcp': 'TURN over TCP',
  'turn-tls': 'TURN over TLS',
  websocket: 'WebSocket',
};

export const pathLabel = (path) =>
  LABELS[{ direct: 'direct-udp', 'ice-tcp': 'direct-tcp' }[path] ?? path] ?? path;

function selectedPair(stats) {
  for (const entry of stats.values()) {
    if (entry.type === 'transport' && entry.selectedCandidatePairId) {
      return stats.get(entry.selectedCandidatePairId);
    }
  }
  // Firefox had no transport statistics for long and marks the pair instead.
  for (const entry of stats.values()) {
    if (entry.type === 'candidate-pair' && entry.selected) return entry;
  }
  return undefined;
}

function kindOf(local) {
  if (local.candidateType === 'relay') {
    const protocol = (local.relayProtocol ?? 'udp').toLowerCase();
    return `turn-${protocol}`;
  }
  return `direct-${(local.protocol ?? 'udp').toLowerCase()}`;
}

// The path in use as {kind, label, roundTripMs}, or null before one is selected.
export function pathInUse(stats) {
  const pair = selectedPair(stats);
  const local = pair && stats.get(pair.localCandidateId);
  if (!local) return null;
  const kind = kindOf(local);
  const seconds = pair.currentRoundTripTime;
  return {
    kind,
    label: LABELS[kind] ?? kind,
    roundTripMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  };
}
