// Tries one rung of the ladder from end to end, with the viewer's own sessions, and tells what came of it.
import { NoWebRtc } from './climb.js';
import { NotOffered } from './path.js';
import { Session } from './session.js';
import { NoAnswer, Refused } from './whep.js';

// A connection takes ten round trips at most, over TURN and TLS; what has none by then has no way.
const CONNECT_LIMIT_MS = 6000;
const PICTURE_LIMIT_MS = 4000;
const FIGURES_LIMIT_MS = 1500;
const FIGURES_INTERVAL_MS = 100;

const after = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

async function makeSession(stream, path) {
  if (path === 'websocket') {
    const { SocketSession } = await import('./socket_session.js');
    return new SocketSession(stream, path);
  }
  if (typeof RTCPeerConnection === 'undefined') throw new NoWebRtc();
  return new Session(stream, path);
}

// What ICE itself says on the way: local candidates as "host udp", and errors of TURN servers.
function listen(connection, finding) {
  connection.addEventListener('icecandidate', ({ candidate }) => {
    const [, protocol, type] = /^candidate:\S+ \d+ (\S+) .* typ (\S+)/.exec(candidate?.candidate ?? '') ?? [];
    if (type !== undefined) finding.gathered.push(`${type} ${protocol.toLowerCase()}`);
  });
  connection.addEventListener('icecandidateerror', ({ errorCode, errorText }) => {
    finding.iceErrors.push({ code: errorCode, text: errorText });
  });
}

// Where this rung leads, as {host, port}: the server's candidates, or its TURN URLs.
function targetsOf(connection) {
  const urls = connection.getConfiguration().iceServers.flatMap((server) => server.urls);
  if (urls.length > 0) return urls.map(targetOfUrl);
  const lines = connection.remoteDescription.sdp.matchAll(/^a=candidate:\S+ \d+ \S+ \d+ (\S+) (\d+) /gm);
  return [...lines].map(([, host, port]) => ({ host, port: Number(port) }));
}

function targetOfUrl(url) {
  const [, host, port] = /^turns?:(\[[^\]]+\]|[^:?]+)(?::(\d+))?/.exec(url) ?? [];
  return { host, port: Number(port ?? (url.startsWith('turns:') ? 5349 : 3478)) };
}

// Resolves once a frame of the session can be seen.
function firstFrame(session, video) {
  return new Promise((resolve) => {
    if ('requestVideoFrameCallback' in video) video.requestVideoFrameCallback(resolve);
    else video.addEventListener('loadeddata', resolve, { once: true });
    session.attach(video);
    video.play().catch(() => {});  // Where a phone saves power: no picture, though the way is there.
  });
}

async function untilPicture(session, video) {
  const { timings } = session;
  const ended = session.ended;
  const picture = firstFrame(session, video).then(() => { timings.firstFrame ??= performance.now(); });
  await Promise.race([picture, ended, after(CONNECT_LIMIT_MS)]);
  if (timings.connected !== undefined) await Promise.race([picture, ended, after(PICTURE_LIMIT_MS)]);
}

function makeScreen(screens) {
  const video = document.createElement('video');
  Object.assign(video, { muted: true, autoplay: true, playsInline: true });
  screens.append(video);
  return video;
}

async function roundTripOf(session) {
  const deadline = performance.now() + FIGURES_LIMIT_MS;
  for (;;) {
    const { roundTripMs } = await session.readFigures();
    if (roundTripMs !== null || performance.now() > deadline) return roundTripMs;
    await after(FIGURES_INTERVAL_MS);
  }
}

function outcomeOf(error) {
  if (error instanceof NotOffered) return { outcome: 'not-offered' };
  if (error instanceof NoAnswer) return { outcome: 'no-answer' };
  if (error instanceof NoWebRtc) return { outcome: 'no-webrtc' };
  // The server knows no rung of this name.
  if (error instanceof Refused && error.status === 400) return { outcome: 'not-offered' };
  if (error instanceof Refused) return { outcome: 'refused', detail: error.message };
  return { outcome: 'no-use', detail: error.message };
}

// Resolves to {path, outcome, detail, connectMs, pictureMs, roundTripMs, targets, gathered, iceErrors}. Times that are not known
// are null, NaN or missing. `outcome` is 'works', 'no-picture', 'no-path', 'not-offered', 'no-answer', 'refused',
// 'no-webrtc' or 'no-use'. Pictures go into elements of `screens`.
export async function probe(stream, path, screens) {
  const finding = { path, targets: [], gathered: [], iceErrors: [] };
  const video = makeScreen(screens);
  let session = null;
  try {
    session = await makeSession(stream, path);
    const { peerConnection, timings } = session;
    const startedAt = performance.now();
    if (peerConnection !== null) listen(peerConnection, finding);
    await session.open();
    if (peerConnection !== null) finding.targets = targetsOf(peerConnection);
    await untilPicture(session, video);
    if (timings.connected === undefined && timings.firstFrame === undefined) return { ...finding, outcome: 'no-path' };
    finding.connectMs = (timings.connected ?? timings.firstFrame) - (timings.offerPosted ?? startedAt);
    finding.roundTripMs = await roundTripOf(session);
    finding.pictureMs = timings.firstFrame - (timings.offerPosted ?? startedAt);
    // A page in the background is shown no pictures, though they arrive.
    const arrives = timings.firstFrame !== undefined || (await session.readFigures()).frames > 0;
    return { ...finding, outcome: arrives ? 'works' : 'no-picture' };
  } catch (error) {
    return { ...finding, ...outcomeOf(error) };
  } finally {
    await session?.close();
    video.remove();
  }
}
