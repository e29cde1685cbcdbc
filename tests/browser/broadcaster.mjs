// A browser page that answers WHEP offers with a moving canvas: a live source for tests of the page alone.
import { drawPictureCode } from './picture_code.mjs';

// Runs in the page, after drawPictureCode has been put there.
function setUp() {
  const canvas = document.createElement('canvas');
  Object.assign(canvas, { width: 1280, height: 720 });
  const context = canvas.getContext('2d');
  let frame = 0;
  const draw = () => {
    const hue = (frame += 1) % 360;
    const sky = context.createLinearGradient(0, 0, 0, 720);
    sky.addColorStop(0, `hsl(${hue} 45% 22%)`);
    sky.addColorStop(1, `hsl(${(hue + 60) % 360} 55% 45%)`);
    context.fillStyle = sky;
    context.fillRect(0, 0, 1280, 720);
    context.fillStyle = '#ffe3a3';
    context.beginPath();
    context.arc(640 + 400 * Math.sin(frame / 40), 260, 60, 0, 7);
    context.fill();
    context.font = '64px monospace';
    context.fillText(new Date().toISOString().slice(11, 23), 380, 560);
    window.drawPictureCode(context, frame, Date.now());
  };
  setInterval(() => window.paused || draw(), 33);
  window.stream = canvas.captureStream(30);
  window.connections = new Map();
  window.answer = async (id, sdp) => {
    const connection = new RTCPeerConnection();
    window.connections.set(id, connection);
    connection.addTrack(window.stream.getVideoTracks()[0], window.stream);
    await connection.setRemoteDescription({ type: 'offer', sdp });
    await connection.setLocalDescription();
    await new Promise((resolve) => {
      connection.onicegatheringstatechange = () => connection.iceGatheringState === 'complete' && resolve();
    });
    return connection.localDescription.sdp;
  };
}

// The browser must show its real addresses: launchChromium(BROADCASTER_FLAGS).
export const BROADCASTER_FLAGS = ['--disable-features=WebRtcHideLocalIpsWithMdns'];

// Resolves to {whep, hangUp(), pause(on)}: `whep` fits fake_server.mjs.
export async function startBroadcaster(browser) {
  const page = await browser.newPage();
  await page.evaluate(`window.drawPictureCode = ${drawPictureCode}`);
  await page.evaluate(setUp);
  let last = 0;
  const answer = async (body) => {
    last += 1;
    const sdp = await page.evaluate((id, offer) => window.answer(id, offer), String(last), body);
    return { status: 201, headers: { Location: `/whep/session/${last}`, 'Content-Type': 'application/sdp' }, body: sdp };
  };
  const close = async (id) => {
    await page.evaluate((key) => window.connections.get(key)?.close(), id);
    return { status: 200 };
  };
  return {
    whep: ({ method, url, body }) => (method === 'POST' ? answer(body) : close(url.pathname.split('/').pop())),
    hangUp: () => page.evaluate(() => window.connections.forEach((connection) => connection.close())),
    pause: (on) => page.evaluate((value) => { window.paused = value; }, on),
  };
}
