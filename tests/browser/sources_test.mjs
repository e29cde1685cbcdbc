// Sources other than the test pattern: a file, and a camera that speaks RTSP and may drop out.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { launchChromium } from './browsers.mjs';
import { ADDRESS, ROOT } from './environment.mjs';
import { Program } from './program.mjs';
import { Viewing } from './viewing.mjs';

const RTSP_PORT = 8554;
const RTSP_URL = `rtsp://${ADDRESS}:${RTSP_PORT}/camera`;
// Debian's python3 has the GStreamer bindings; another one that is first on the PATH has not.
const RTSP_SERVER = `${ROOT}tests/interop/rtsp_server.py`;
// A file of this length is looped several times within its test.
const FILM_SECONDS = 3;

const folder = mkdtempSync(`${tmpdir()}/porthole-sources-`);
let browser;

before(async () => {
  browser = await launchChromium();
});

after(async () => {
  await browser?.close();
  rmSync(folder, { recursive: true });
});

function makeFilm(name, encoding) {
  const file = `${folder}/${name}.mp4`;
  const input = `testsrc2=size=640x360:rate=25:duration=${FILM_SECONDS}`;
  execFileSync('ffmpeg', ['-v', 'error', '-f', 'lavfi', '-i', input, '-pix_fmt', 'yuv420p', ...encoding, file]);
  return file;
}

// 150 frames are two rounds of the film; they must come in real time, neither stalling nor rushing.
async function playsAsFilm(args, stream) {
  const program = await Program.start('sources', args);
  try {
    const viewing = await Viewing.open(browser, `${program.origin}/${stream}`);
    await viewing.untilPlaying();
    await sleep(1000);  // A new viewer starts with a burst: the cached group of pictures.
    const first = await viewing.inspect();
    const startedAt = Date.now();
    const last = await viewing.untilFrames(first.framesDecoded + 150, 12000);
    const rate = ((last.framesDecoded - first.framesDecoded) * 1000) / (Date.now() - startedAt);
    console.log(`# ${stream}: ${rate.toFixed(1)} frames/s over ${last.width}x${last.height} ${last.codec}`);
    assert.ok(rate > 20 && rate < 30, `${rate} frames/s of a film with 25`);
    await viewing.screenshot(`source-${stream}`);
    await viewing.close();
  } finally {
    await program.stop();
  }
}

test('A file whose H.264 fits plays, looped, as it is', () =>
  playsAsFilm(['--source', `film=${makeFilm('baseline', ['-c:v', 'libx264', '-bf', '0', '-g', '25'])}`], 'film'));

test('A file with B-frames plays transcoded', () =>
  playsAsFilm(['--source', `bframes=${makeFilm('bframes', ['-c:v', 'libx264', '-bf', '3', '-g', '50'])}`], 'bframes'));

// Resolves once the camera accepts connections, to a function that pulls its plug.
async function startCamera() {
  const camera = spawn('/usr/bin/python3', [RTSP_SERVER, '--address', ADDRESS, '--port', String(RTSP_PORT)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(camera, 'exit');
  const url = await Promise.race([once(camera.stdout, 'data'), ended.then(() => null)]);
  assert.ok(url, 'the RTSP server ended at once');
  return async () => {
    camera.kill('SIGKILL');
    await ended;
  };
}

test('An RTSP camera plays; when it drops the page says so, and goes on when it is back', async () => {
  let stopCamera = await startCamera();
  const program = await Program.start('sources', ['--source', `camera=${RTSP_URL}`]);
  try {
    const viewing = await Viewing.open(browser, `${program.origin}/camera`);
    await viewing.untilPlaying(15000);
    await viewing.untilFrames(90, 15000);
    await viewing.screenshot('source-camera');
    await stopCamera();
    await viewing.until('told', ({ message }) => /^The camera is not sending/.test(message), 15000);
    await viewing.screenshot('source-camera-dropped');
    stopCamera = await startCamera();
    await viewing.untilPlaying(20000);
    await viewing.close();
  } finally {
    await stopCamera();
    await program.stop();
  }
});
