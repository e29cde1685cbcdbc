// The climb up the ladder, with sessions that do what the test says, and time as the test lets it pass.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { loader } from './modules.mjs';

// Stands in for both kinds of session; `made` has those that were constructed.
const DOUBLE = `
  export class Double {
    timings = {};
    closed = 0;
    constructor(stream, path) {
      Object.assign(this, { stream, path, peerConnection: new.target.webrtc ? {} : null });
      this.opened = new Promise((resolve, reject) => Object.assign(this, { answer: resolve, refuse: reject }));
      this.ended = new Promise((resolve) => { this.end = resolve; });
      globalThis.made.push(this);
    }
    open() { return this.opened; }
    async close() { this.closed += 1; this.end('closed'); }
  }
  export class Session extends Double { static webrtc = true; }
  export class SocketSession extends Double { static webrtc = false; }`;
const load = loader({ 'session.js': DOUBLE, 'socket_session.js': DOUBLE });
const { Climb } = await load('climb.js');
await load('socket_session.js');  // So that the climb's own import() takes no time.
const { NoAnswer, Refused } = await load('whep.js');

const stored = new Map();
globalThis.localStorage = { getItem: (key) => stored.get(key) ?? null, setItem: (key, value) => stored.set(key, value) };

// Until everything that is due has happened.
async function settle() {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

// Time stands still but for pass().
const clock = { now: 1e12, timers: [] };
Date.now = () => clock.now;
globalThis.setTimeout = (action, delay) => clock.timers.push({ action, due: clock.now + delay });
globalThis.clearTimeout = (id) => { if (id !== undefined) clock.timers[id - 1].due = Infinity; };

async function pass(milliseconds) {
  clock.now += milliseconds;
  for (const timer of clock.timers.filter(({ due }) => due <= clock.now)) {
    timer.due = Infinity;
    timer.action();
  }
  await settle();
}

beforeEach(() => {
  globalThis.made = [];
  globalThis.RTCPeerConnection = class {};
  stored.clear();
  clock.timers = [];
});

async function climb(path = 'auto') {
  const seen = { media: [], shown: [] };
  const it = new Climb('camera', path, {
    onMedia: (session) => seen.media.push(session),
    onShown: (session) => seen.shown.push(session),
  });
  it.run().then((outcome) => { seen.outcome = outcome; });
  await settle();
  return { it, seen, webrtc: globalThis.made.find(({ peerConnection }) => peerConnection !== null) };
}

const socketMade = () => globalThis.made.find(({ peerConnection }) => peerConnection === null);

async function answered(session) {
  session.answer();
  await settle();
}

// A climb that stands on the WebSocket, with WebRTC still trying.
async function onSocket() {
  const climbing = await climb();
  await answered(climbing.webrtc);
  await pass(1000);
  const socket = socketMade();
  await answered(socket);
  climbing.it.frameShown(socket);
  return { ...climbing, socket };
}

test('Where WebRTC connects in time, no WebSocket is opened', async () => {
  const { it, seen, webrtc } = await climb();
  await answered(webrtc);
  webrtc.timings.connected = 1;
  await pass(60000);
  it.frameShown(webrtc);
  assert.deepEqual([globalThis.made.length, seen.shown], [1, [webrtc]]);
});

test('Where it does not, a WebSocket starts beside it, and the first frame wins', async () => {
  const { it, seen, webrtc } = await climb();
  await answered(webrtc);
  await pass(900);
  assert.equal(socketMade(), undefined);
  await pass(100);
  const socket = socketMade();
  await answered(socket);
  assert.deepEqual(seen.media, [webrtc, socket]);
  assert.equal(it.current, webrtc);
  it.frameShown(socket);
  assert.deepEqual([it.current, seen.shown, webrtc.closed], [socket, [socket], 0]);
});

test('Where ICE has a path, the handshake on it has time of its own, and no more', async () => {
  const { webrtc } = await climb();
  await answered(webrtc);
  webrtc.peerConnection.iceConnectionState = 'connected';
  await pass(1000);
  assert.equal(socketMade(), undefined);
  await pass(1000);
  assert.ok(socketMade());
});

test('WebRTC takes over when it gets through later, and the WebSocket is closed', async () => {
  const { it, seen, webrtc, socket } = await onSocket();
  it.frameShown(webrtc);
  await settle();
  assert.deepEqual([it.current, seen.shown, socket.closed], [webrtc, [socket, webrtc], 1]);
  assert.equal(seen.outcome, undefined);
});

test('A WebSocket that comes late to a picture is closed unseen, even while it is being loaded', async () => {
  for (const isLoaded of [true, false]) {
    globalThis.made.length = 0;
    const { it, seen, webrtc } = await climb();
    await answered(webrtc);
    const loading = pass(1000);
    if (isLoaded) await loading;
    it.frameShown(webrtc);
    await loading;
    it.frameShown(socketMade());
    assert.deepEqual([seen.shown, seen.media, socketMade().closed], [[webrtc], [webrtc], 1]);
  }
});

test('The WebSocket plays on when WebRTC gives up, and its end is the end of the climb', async () => {
  const { it, seen, webrtc, socket } = await onSocket();
  webrtc.end('no-path');
  await settle();
  assert.deepEqual([it.current, webrtc.closed, seen.outcome], [socket, 1, undefined]);
  socket.end('lost');
  await settle();
  assert.deepEqual(seen.outcome, { reason: 'lost' });
});

test('WebRTC that fails at once does not wait for its head start to be over', async () => {
  const { webrtc } = await climb();
  await answered(webrtc);
  webrtc.end('no-path');
  await pass(0);
  assert.ok(socketMade());
});

test('When both fail, it is WebRTC that says why', async () => {
  const { seen, webrtc } = await climb();
  await answered(webrtc);
  await pass(1000);
  socketMade().refuse(new Error('no WebSocket here'));
  await settle();
  assert.equal(seen.outcome, undefined);
  webrtc.end('no-path');
  await settle();
  assert.deepEqual(seen.outcome, { reason: 'no-path' });
});

test('A server that says no, or nothing, is not asked again over a WebSocket; one without a common codec is', async () => {
  for (const [error, asked] of [[new Refused(404), false], [new NoAnswer('gone'), false], [new Refused(406), true]]) {
    globalThis.made.length = 0;
    const { webrtc, seen } = await climb();
    webrtc.refuse(error);
    await pass(0);
    assert.equal(socketMade() !== undefined, asked, error.message);
    assert.equal(seen.outcome?.error, asked ? undefined : error);
  }
});

test('A browser without WebRTC gets the WebSocket', async () => {
  delete globalThis.RTCPeerConnection;
  await climb();
  await pass(0);
  assert.equal(globalThis.made.length, 1);
  assert.equal(globalThis.made[0], socketMade());
});

test('A forced rung has no other beside it', async () => {
  const { webrtc, seen } = await climb('turn-tcp');
  await answered(webrtc);
  await pass(5000);
  webrtc.end('no-path');
  await settle();
  assert.deepEqual([globalThis.made.length, seen.outcome], [1, { reason: 'no-path' }]);
  const forced = await climb('websocket');
  await pass(0);
  assert.deepEqual([globalThis.made.length, globalThis.made[1].peerConnection, forced.webrtc], [2, null, webrtc]);
  assert.equal(stored.size, 0);
});

test('Who was on the WebSocket last time gets it at once, beside WebRTC, until that wins again or half a day has gone', async () => {
  const first = await onSocket();
  await first.it.close();
  globalThis.made.length = 0;
  const second = await climb();
  await pass(0);
  assert.ok(socketMade(), 'remembered');
  second.it.frameShown(second.webrtc);
  globalThis.made.length = 0;
  await climb();
  await pass(0);
  assert.equal(socketMade(), undefined, 'WebRTC was the last to win');

  const third = await onSocket();
  await third.it.close();
  await pass(13 * 3600 * 1000);
  globalThis.made.length = 0;
  await climb();
  await pass(0);
  assert.equal(socketMade(), undefined, 'too long ago');
});

test('Where nothing may be stored, the page climbs all the same', async () => {
  const refuse = () => { throw new Error('The operation is insecure.'); };
  const before = globalThis.localStorage;
  globalThis.localStorage = { getItem: refuse, setItem: refuse };
  const { it, socket } = await onSocket();
  assert.equal(it.current, socket);
  globalThis.localStorage = before;
});

test('Closing frees every session, and one that is still being loaded is closed before it opens', async () => {
  const { it, seen, webrtc } = await climb();
  await answered(webrtc);
  const loading = pass(1000);
  await it.close();
  await loading;
  await settle();
  assert.deepEqual([webrtc.closed, seen.outcome], [1, { reason: 'closed' }]);
  assert.ok(socketMade() === undefined || socketMade().closed === 1);
});
