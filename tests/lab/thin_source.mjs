// A live source for thin lines, with the picture code in it: node thin_source.mjs PORT (MPEG-TS over TCP, one client).
//
// 640x360 at 15 frames/s and 500 kbit/s; where a browser needs VP8, the server encodes such a picture at about as much.
import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { drawPictureCode } from '../browser/picture_code.mjs';

const WIDTH = 640;
const HEIGHT = 360;
const RATE = 15;
const BALL = 24;
// So many lines of grain, as of a dark street, keep the encoder at its bitrate.
const GRAIN_ROWS = 160;
const LEVELS = { '#fff': 235, '#000': 16 };

const [port] = process.argv.slice(2);

const encoder = spawn('ffmpeg', [
  '-v', 'error', '-fflags', 'nobuffer', '-probesize', '32',
  '-f', 'rawvideo', '-pixel_format', 'gray', '-video_size', `${WIDTH}x${HEIGHT}`, '-framerate', String(RATE), '-i', '-',
  '-c:v', 'libx264', '-preset', 'ultrafast', '-tune', 'zerolatency', '-profile:v', 'baseline', '-pix_fmt', 'yuv420p',
  '-b:v', '500k', '-maxrate', '500k', '-bufsize', '150k', '-g', String(2 * RATE),
  '-f', 'mpegts', '-flush_packets', '1', '-muxdelay', '0', '-muxpreload', '0', `tcp://127.0.0.1:${port}?listen=1`,
], { stdio: ['pipe', 'inherit', 'inherit'] });

// As much of a canvas' 2D context as drawing takes; one byte a pixel.
class Canvas {
  canvas = { width: WIDTH, height: HEIGHT };
  fillStyle = '#000';
  pixels = Buffer.alloc(WIDTH * HEIGHT, 96);

  fillRect(x, y, width, height) {
    for (let row = y; row < y + height; row += 1) {
      this.pixels.fill(LEVELS[this.fillStyle], row * WIDTH + x, row * WIDTH + x + width);
    }
  }
}

function draw(frame) {
  const context = new Canvas();
  randomBytes(GRAIN_ROWS * WIDTH).copy(context.pixels, (HEIGHT - GRAIN_ROWS) * WIDTH);
  context.fillStyle = '#fff';
  context.fillRect(Math.round((WIDTH / 2) * (1 + 0.8 * Math.sin(frame / 10))), HEIGHT / 2, BALL, BALL);
  drawPictureCode(context, frame, Date.now());
  return context.pixels;
}

let frame = 0;
setInterval(() => {
  // Until the server has connected, pictures would only wait in the pipe, and be old when they come.
  if (encoder.stdin.writableLength === 0) encoder.stdin.write(draw(frame));
  frame += 1;
}, 1000 / RATE);

encoder.on('exit', (status) => process.exit(status ?? 1));
encoder.stdin.on('error', () => {});
process.on('SIGTERM', () => encoder.kill('SIGKILL'));
