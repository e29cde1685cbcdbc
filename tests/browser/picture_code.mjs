// Frame number and time, read from the cells of the picture (layout: src/media/picture_code.hpp).
//
// The functions here run in the page, each on its own: page.evaluate() takes a function's text and nothing around it.

// Reads the code from the pictures that the page's player puts on the screen, one entry a picture that had one:
// {frame, drawnAt, shownAt} with times in Unix milliseconds. Resolves after `count` pictures or `limitMs`, to
// {codes, unreadable}.
export function samplePictures(count, limitMs) {
  const video = document.querySelector('porthole-player').video;
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', { willReadFrequently: true });

  // Only the code's own rows are copied out of the picture: cells 8 to 71 of 80, rows 0 and 1 of 45.
  const codePixels = () => {
    const cell = { width: video.videoWidth / 80, height: video.videoHeight / 45 };
    canvas.width = Math.round(64 * cell.width);
    canvas.height = Math.round(2 * cell.height);
    const { width, height } = canvas;
    context.drawImage(video, 8 * cell.width, 0, 64 * cell.width, 2 * cell.height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  };

  // Brightness of a cell's middle half, where compression does not blur it. The green channel will do.
  const levelOf = ({ data, width, height }, index) => {
    const w = width / 64;
    const h = height / 2;
    const x = (index % 64) * w;
    const y = Math.floor(index / 64) * h;
    let sum = 0;
    let pixels = 0;
    for (let v = Math.floor(y + h / 4); v < y + (h * 3) / 4; v += 1) {
      for (let u = Math.floor(x + w / 4); u < x + (w * 3) / 4; u += 1, pixels += 1) sum += data[(v * width + u) * 4 + 1];
    }
    return sum / pixels;
  };

  const decode = (pixels) => {
    const levels = Array.from({ length: 128 }, (_, index) => levelOf(pixels, index));
    const threshold = levels.slice(0, 16).reduce((a, b) => a + b) / 16;
    const bytes = new Uint8Array(16);
    levels.forEach((level, index) => { if (level > threshold) bytes[index >> 3] |= 0x80 >> (index & 7); });
    const hash = bytes.subarray(0, 12).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193) >>> 0, 0x811c9dc5);
    const view = new DataView(bytes.buffer);
    if (view.getUint16(0) !== 0xb24d || view.getUint32(12) !== hash) return null;
    return { frame: view.getUint32(2), drawnAt: view.getUint16(6) * 2 ** 32 + view.getUint32(8) };
  };

  return new Promise((resolve) => {
    const result = { codes: [], unreadable: 0 };
    const timer = setTimeout(() => resolve(result), limitMs);
    const onPicture = (now, { expectedDisplayTime }) => {
      // The callback runs before the picture is on the screen.
      const shownAt = Date.now() + Math.max(0, expectedDisplayTime - now);
      const code = decode(codePixels());
      if (code === null) result.unreadable += 1;
      else result.codes.push({ ...code, shownAt });
      if (result.codes.length < count) return video.requestVideoFrameCallback(onPicture);
      clearTimeout(timer);
      resolve(result);
    };
    video.requestVideoFrameCallback(onPicture);
  });
}

// Draws the code of frame `frame` at Unix time `milliseconds` on a 2D context, as the test pattern does.
export function drawPictureCode(context, frame, milliseconds) {
  const { width, height } = context.canvas;
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 0xb24d);
  view.setUint32(2, frame);
  view.setUint16(6, Math.floor(milliseconds / 2 ** 32));
  view.setUint32(8, milliseconds % 2 ** 32);
  view.setUint32(12, bytes.subarray(0, 12).reduce((sum, byte) => Math.imul(sum ^ byte, 0x01000193) >>> 0, 0x811c9dc5));
  for (let index = 0; index < 128; index += 1) {
    context.fillStyle = bytes[index >> 3] & (0x80 >> (index & 7)) ? '#fff' : '#000';
    const x = ((8 + (index % 64)) * width) / 80;
    context.fillRect(x, (Math.floor(index / 64) * height) / 45, width / 80, height / 45);
  }
}

// Latencies of sampled pictures in milliseconds: {median, worst, count}.
export function latencyOf(codes) {
  const sorted = codes.map(({ drawnAt, shownAt }) => shownAt - drawnAt).sort((a, b) => a - b);
  return { median: sorted[Math.floor(sorted.length / 2)], worst: sorted.at(-1), count: sorted.length };
}
