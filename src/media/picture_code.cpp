#include "media/picture_code.hpp"

#include <numeric>

#include "base/bytes.hpp"

namespace porthole::media {
namespace {

constexpr std::uint16_t kSync = 0xB24D;
constexpr std::size_t kSyncCells = 16;
constexpr std::size_t kCodeBytes = kCodeCells / 8;
constexpr std::size_t kCheckedBytes = kCodeBytes - 4;

using CodeBytes = std::array<std::uint8_t, kCodeBytes>;

std::uint32_t checksum(const CodeBytes& bytes) {
  std::uint32_t hash = 0x811c9dc5;
  for (std::size_t i = 0; i < kCheckedBytes; ++i) hash = (hash ^ bytes[i]) * 0x01000193U;
  return hash;
}

// The average of the middle half of a cell: its edges are where compression and scaling blur.
double cell_level(const LumaPlane& plane, int cell) {
  const double cell_width = static_cast<double>(plane.width) / kCodeGridColumns;
  const double cell_height = static_cast<double>(plane.height) / kCodeGridRows;
  const int column = kCodeFirstColumn + cell % kCodeColumns;
  const int row = cell / kCodeColumns;
  const double left = column * cell_width;
  const double top = row * cell_height;
  int sum = 0;
  int pixels = 0;
  for (int y = static_cast<int>(top + cell_height / 4); y < top + cell_height * 3 / 4; ++y) {
    for (int x = static_cast<int>(left + cell_width / 4); x < left + cell_width * 3 / 4; ++x) {
      sum += plane.pixels[y * plane.stride + x];
      ++pixels;
    }
  }
  return static_cast<double>(sum) / pixels;
}

}  // namespace

CodeCells picture_code_cells(const PictureCode& code) {
  CodeBytes bytes{};
  store_u16(bytes.data(), kSync);
  store_u32(&bytes[2], code.frame);
  store_u16(&bytes[6], static_cast<std::uint16_t>(code.unix_milliseconds >> 32));
  store_u32(&bytes[8], static_cast<std::uint32_t>(code.unix_milliseconds));
  store_u32(&bytes[12], checksum(bytes));
  CodeCells cells{};
  for (std::size_t i = 0; i < cells.size(); ++i) cells[i] = ((bytes[i / 8] << (i % 8)) & 0x80) != 0;
  return cells;
}

std::optional<PictureCode> read_picture_code(const LumaPlane& plane) {
  if (plane.width < kCodeGridColumns * 2 || plane.height < kCodeGridRows * 2) return std::nullopt;
  std::array<double, kCodeCells> levels{};
  for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = cell_level(plane, static_cast<int>(i));
  const double threshold =
      std::accumulate(levels.begin(), levels.begin() + kSyncCells, 0.0) / static_cast<double>(kSyncCells);
  CodeBytes bytes{};
  for (std::size_t i = 0; i < levels.size(); ++i) {
    if (levels[i] > threshold) bytes[i / 8] = static_cast<std::uint8_t>(bytes[i / 8] | (0x80 >> (i % 8)));
  }
  if (load_u16(bytes.data()) != kSync || load_u32(&bytes[12]) != checksum(bytes)) return std::nullopt;
  return PictureCode{load_u32(&bytes[2]), (std::uint64_t{load_u16(&bytes[6])} << 32) | load_u32(&bytes[8])};
}

}  // namespace porthole::media
