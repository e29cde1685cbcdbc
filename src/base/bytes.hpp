// Byte spans, and a bounded reader and writer for big-endian wire formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace porthole {

using Bytes = std::span<const std::uint8_t>;   // Borrows.
using MutableBytes = std::span<std::uint8_t>;  // Borrows.

inline Bytes as_bytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

inline std::string_view as_text(Bytes bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Loads and stores go byte by byte: a packet may start at any address.
inline std::uint16_t load_u16(const std::uint8_t* at) {
  return static_cast<std::uint16_t>((at[0] << 8) | at[1]);
}

inline std::uint32_t load_u32(const std::uint8_t* at) {
  return (std::uint32_t{load_u16(at)} << 16) | load_u16(at + 2);
}

inline void store_u16(std::uint8_t* at, std::uint16_t value) {
  at[0] = static_cast<std::uint8_t>(value >> 8);
  at[1] = static_cast<std::uint8_t>(value);
}

inline void store_u32(std::uint8_t* at, std::uint32_t value) {
  store_u16(at, static_cast<std::uint16_t>(value >> 16));
  store_u16(at + 2, static_cast<std::uint16_t>(value));
}

// Reads forward through a span. After a read beyond the end every result is zero or empty and ok() is
// false, so a parser checks once, at the end.
class ByteReader {
 public:
  explicit ByteReader(Bytes bytes) : rest_(bytes) {}

  bool ok() const { return ok_; }
  std::size_t remaining() const { return rest_.size(); }
  Bytes rest() const { return rest_; }

  std::uint8_t u8() {
    const Bytes bytes = take(1);
    return bytes.empty() ? std::uint8_t{0} : bytes[0];
  }
  std::uint16_t u16() {
    const Bytes bytes = take(2);
    return bytes.empty() ? std::uint16_t{0} : load_u16(bytes.data());
  }
  std::uint32_t u24() {
    const Bytes bytes = take(3);
    return bytes.empty() ? 0 : (std::uint32_t{bytes[0]} << 16) | load_u16(bytes.data() + 1);
  }
  std::uint32_t u32() {
    const Bytes bytes = take(4);
    return bytes.empty() ? 0 : load_u32(bytes.data());
  }
  std::uint64_t u64() {
    const std::uint64_t high = u32();
    return (high << 32) | u32();
  }
  // Borrows from the span that is read.
  Bytes take(std::size_t count) {
    if (count > rest_.size()) {
      ok_ = false;
      rest_ = {};
      return {};
    }
    const Bytes taken = rest_.first(count);
    rest_ = rest_.subspan(count);
    return taken;
  }
  void skip(std::size_t count) { take(count); }

 private:
  Bytes rest_;
  bool ok_ = true;
};

// Writes forward into a span that the caller owns. A write beyond the end writes nothing and clears ok().
class ByteWriter {
 public:
  explicit ByteWriter(MutableBytes buffer) : buffer_(buffer) {}

  bool ok() const { return ok_; }
  std::size_t size() const { return size_; }
  Bytes written() const { return buffer_.first(size_); }
  MutableBytes written() { return buffer_.first(size_); }

  void u8(std::uint8_t value) {
    if (std::uint8_t* at = grow(1)) *at = value;
  }
  void u16(std::uint16_t value) {
    if (std::uint8_t* at = grow(2)) store_u16(at, value);
  }
  void u32(std::uint32_t value) {
    if (std::uint8_t* at = grow(4)) store_u32(at, value);
  }
  void u64(std::uint64_t value) {
    u32(static_cast<std::uint32_t>(value >> 32));
    u32(static_cast<std::uint32_t>(value));
  }
  void bytes(Bytes source) {
    std::uint8_t* at = grow(source.size());
    if (at != nullptr && !source.empty()) std::memcpy(at, source.data(), source.size());
  }
  void zeros(std::size_t count) {
    std::uint8_t* at = grow(count);
    if (at != nullptr && count > 0) std::memset(at, 0, count);
  }
  // Room that the caller fills in; empty when there is none.
  MutableBytes reserve(std::size_t count) {
    std::uint8_t* at = grow(count);
    return at == nullptr ? MutableBytes{} : MutableBytes{at, count};
  }

 private:
  std::uint8_t* grow(std::size_t count) {
    if (!ok_ || count > buffer_.size() - size_) {
      ok_ = false;
      return nullptr;
    }
    std::uint8_t* at = buffer_.data() + size_;
    size_ += count;
    return at;
  }

  MutableBytes buffer_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

}  // namespace porthole
