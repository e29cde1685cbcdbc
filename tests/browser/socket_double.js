// Stands in for web/assets/socket_session.js where the page alone is tested: a picture that needs no server.
export class SocketSession {
  timings = {};
  peerConnection = null;
  #frames = 0;
  #drawing;
  #end;

  constructor() {
    this.ended = new Promise((resolve) => { this.#end = resolve; });
  }

  async open() {
    this.timings.connected = performance.now();
  }

  attach(video) {
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width: 640, height: 360 });
    const context = canvas.getContext('2d');
    this.#drawing = setInterval(() => {
      context.fillStyle = `hsl(${(this.#frames += 1) % 360} 40% 30%)`;
      context.fillRect(0, 0, 640, 360);
    }, 33);
    video.srcObject = canvas.captureStream(30);
  }

  async readFigures() {
    const path = { kind: 'websocket', label: 'WebSocket', roundTripMs: 4 };
    return { path, frames: this.#frames, width: 640, height: 360, framesPerSecond: 30, roundTripMs: 4, quietMs: 0 };
  }

  async close() {
    clearInterval(this.#drawing);
    this.#end('closed');
  }

  abandon() {
    this.#end('lost');
  }
}
