// Frame number and time as black and white cells in the picture, which a test reads back after decoding.
//
// Layout. The picture is divided into a grid of 80 columns and 45 rows (cells of 16x16 pixels at 1280x720; at
// any other size a cell is width/80 by height/45 pixels). The code fills the top two rows, columns 8 to 71:
// 128 cells. Cell i (0..127) stands in row floor(i / 64), column 8 + i % 64. White is 1, black is 0. The 128
// bits are 16 bytes, first byte first, most significant bit of each byte first, numbers big-endian:
//
//   bytes 0-1    sync 0xB2 0x4D (eight ones, eight zeros)
//   bytes 2-5    frame number, 32 bits, counts every picture drawn, from 0
//   bytes 6-11   Unix time in milliseconds when the picture was drawn, 48 bits
//   bytes 12-15  FNV-1a (32 bits) of bytes 0-11
//
// Reading. For every cell take the average brightness of its middle half (from 1/4 to 3/4 of its width and
// height). The threshold is the average of the first 16 cells, since half of them are white. A cell is 1 when
// brighter. Check the sync and the checksum; a picture caught in between or damaged fails them.
//
// In a browser, with `pixels` from getImageData() of a canvas that the <video> was drawn on, W x H:
//
//   const level = i => {                       // brightness of cell i; the green channel will do
//     const w = W / 80, h = H / 45, x = (8 + i % 64) * w, y = Math.floor(i / 64) * h;
//     let sum = 0, n = 0;
//     for (let v = Math.floor(y + h / 4); v < y + h * 3 / 4; v++)
//       for (let u = Math.floor(x + w / 4); u < x + w * 3 / 4; u++, n++) sum += pixels[(v * W + u) * 4 + 1];
//     return sum / n;
//   };
//   const levels = Array.from({length: 128}, (_, i) => level(i));
//   const threshold = levels.slice(0, 16).reduce((a, b) => a + b) / 16;
//   const bytes = new Uint8Array(16);
//   levels.forEach((l, i) => { if (l > threshold) bytes[i >> 3] |= 0x80 >> (i & 7); });
//   let hash = 0x811c9dc5;
//   for (let i = 0; i < 12; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193) >>> 0;
//   const view = new DataView(bytes.buffer);
//   const valid = view.getUint16(0) === 0xB24D && view.getUint32(12) === hash;
//   const frame = view.getUint32(2), milliseconds = view.getUint16(6) * 2 ** 32 + view.getUint32(8);
#pragma once

#include <array>
#include <cstdint>
#include <optional>

namespace porthole::media {

struct PictureCode {
  std::uint32_t frame = 0;
  std::uint64_t unix_milliseconds = 0;  // 48 bits.

  bool operator==(const PictureCode&) const = default;
};

constexpr int kCodeGridColumns = 80;
constexpr int kCodeGridRows = 45;
constexpr int kCodeFirstColumn = 8;
constexpr int kCodeColumns = 64;
constexpr int kCodeRows = 2;
constexpr int kCodeCells = kCodeColumns * kCodeRows;

using CodeCells = std::array<bool, kCodeCells>;  // true is white.

CodeCells picture_code_cells(const PictureCode& code);

// The brightness of a decoded picture: `height` rows of `width` bytes, `stride` bytes apart. Borrows.
struct LumaPlane {
  const std::uint8_t* pixels = nullptr;
  int stride = 0;
  int width = 0;
  int height = 0;
};

// nullopt where the plane holds no intact code, or is too small to have one (under 160x90).
std::optional<PictureCode> read_picture_code(const LumaPlane& plane);

}  // namespace porthole::media
