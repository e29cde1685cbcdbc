// One attempt to watch by WebRTC: one RTCPeerConnection, one WHEP session, from the offer to the end of both.
//
// SocketSession (socket_session.js) has the same outside, so that whoever shows a session need not know its kind.
import { FrameMeter } from './frame_meter.js';
import { answerForPath, iceConfiguration, isOffered, NotOffered } from './path.js';
import { deleteSession, endpointOf, postOffer } from './whep.js';

// ICE has tried every pair several times by then; browsers themselves give up only after half a minute.
const CONNECT_TIMEOUT_MS = 12000;
// A network change heals within this time; a longer gap needs a new session.
const DISCONNECTED_MS = 3000;

export class Session {
  // Constant after construction.
  #stream;
  #path;
  #peerConnection = new RTCPeerConnection();
  #meter = new FrameMeter(this.#peerConnection);
  #ended = deferred();
  // The rest.
  #media = null;
  #resource = null;
  #closed = false;
  #timer;

  timings = {};  // offerPosted, answered, connected, firstFrame: performance.now() of each.

  constructor(stream, path) {
    this.#stream = stream;
    this.#path = path;
    this.#peerConnection.addEventListener('connectionstatechange', () => this.#follow());
  }

  get peerConnection() {
    return this.#peerConnection;
  }

  // Resolves with 'no-path', 'lost' or 'closed' once this session can show nothing more.
  get ended() {
    return this.#ended.promise;
  }

  // Resolves once the answer is in place and attach() has something to show, or once it was closed meanwhile; rejects as
  // postOffer() does, and with NotOffered.
  async open() {
    const connection = this.#peerConnection;
    const { receiver } = connection.addTransceiver('video', { direction: 'recvonly' });
    showAtOnce(receiver);
    const offer = await connection.createOffer();
    this.timings.offerPosted = performance.now();
    const reply = await postOffer(endpointOf(this.#stream, this.#path), offer.sdp);
    this.timings.answered = performance.now();
    this.#resource = reply.resource;
    if (this.#closed) {
      await this.#forget();
      return;
    }
    const configuration = iceConfiguration(this.#path, reply.iceServers);
    const answer = answerForPath(this.#path, reply.answer);
    if (!isOffered(this.#path, configuration, answer)) throw new NotOffered(this.#path);
    this.#media = new MediaStream([receiver.track]);
    // The ICE servers come with the answer, so the configuration is set only now, before gathering begins.
    connection.setConfiguration(configuration);
    await connection.setLocalDescription(offer);
    await connection.setRemoteDescription({ type: 'answer', sdp: answer });
    // It may be connected by now.
    const waits = !this.#closed && this.timings.connected === undefined;
    if (waits) this.#timer ??= setTimeout(() => this.#end('no-path'), CONNECT_TIMEOUT_MS);
  }

  // Puts the pictures into a <video>, after open().
  attach(video) {
    video.srcObject = this.#media;
  }

  // Resolves as FrameMeter.read() does.
  readFigures() {
    return this.#meter.read();
  }

  // Frees both ends. Resolves once the server has heard of it.
  async close() {
    this.#end('closed');
    this.#closed = true;
    this.#peerConnection.close();
    await this.#forget();
  }

  // Gives the session up as lost: the caller knows better than ICE that nothing arrives any more.
  abandon() {
    this.#end('lost');
  }

  async #forget() {
    const resource = this.#resource;
    this.#resource = null;
    if (resource !== null) await deleteSession(resource);
  }

  #follow() {
    const state = this.#peerConnection.connectionState;
    if (state === 'connected') {
      this.timings.connected ??= performance.now();
      clearTimeout(this.#timer);
    } else if (state === 'disconnected') {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#end('lost'), DISCONNECTED_MS);
    } else if (state === 'failed') {
      this.#end(this.timings.connected === undefined ? 'no-path' : 'lost');
    }
  }

  #end(reason) {
    clearTimeout(this.#timer);
    this.#ended.resolve(reason);
  }
}

// Promise.withResolvers(), which many browsers do not have yet.
function deferred() {
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

// A broadcast is watched as it happens: frames are shown when they come, not when a buffer is full.
function showAtOnce(receiver) {
  if ('jitterBufferTarget' in receiver) receiver.jitterBufferTarget = 0;
  if ('playoutDelayHint' in receiver) receiver.playoutDelayHint = 0;
}
