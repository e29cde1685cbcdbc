// Randomness is an argument, as time is.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.hpp"

namespace porthole {

class Random {
 public:
  virtual ~Random() = default;

  // Fills with bytes that nobody can predict; the tests' own implementation is seeded instead.
  virtual void fill(MutableBytes out) = 0;

  std::uint32_t u32() {
    std::array<std::uint8_t, 4> bytes{};
    fill(bytes);
    return load_u32(bytes.data());
  }
  std::uint64_t u64() { return (std::uint64_t{u32()} << 32) | u32(); }

  // A token of `length` characters, 6 bits of entropy each, from the alphabet that ICE allows in ufrag and
  // pwd (RFC 8839 section 5.4: ALPHA / DIGIT / "+" / "/").
  std::string token(std::size_t length) { return token(length, "+/"); }

  // The same, safe in a URL path (RFC 4648 section 5).
  std::string url_token(std::size_t length) { return token(length, "-_"); }

 private:
  std::string token(std::size_t length, std::string_view last_two) {
    std::string alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    alphabet += last_two;
    std::string text(length, '\0');
    fill({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    for (char& c : text) c = alphabet[static_cast<std::uint8_t>(c) & 63];
    return text;
  }
};

}  // namespace porthole
