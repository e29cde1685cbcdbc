// Keyed and plain hashes, comparison in constant time, and base64: what STUN and TURN credentials need.
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.hpp"

namespace porthole::crypto {

using Md5Digest = std::array<std::uint8_t, 16>;
using Sha1Digest = std::array<std::uint8_t, 20>;
using Sha256Digest = std::array<std::uint8_t, 32>;

// The message is the concatenation of the pieces, so that a caller can patch a header without copying the
// rest. Safe to call from any number of callers at once. An empty key is allowed.
Sha1Digest hmac_sha1(Bytes key, std::initializer_list<Bytes> pieces);
Sha256Digest hmac_sha256(Bytes key, std::initializer_list<Bytes> pieces);

// Only for RFC 8489 section 9.2.2's long-term key, which is defined by it.
Md5Digest md5(std::initializer_list<Bytes> pieces);
// Only for RFC 6455 section 4.2.2, where it protects nothing.
Sha1Digest sha1(std::initializer_list<Bytes> pieces);
Sha256Digest sha256(std::initializer_list<Bytes> pieces);
inline Sha256Digest sha256(Bytes message) {
  return sha256({message});
}

// Takes the same time wherever the first difference is. Spans of different length are unequal.
bool constant_time_equal(Bytes a, Bytes b);

// RFC 4648 section 4, with padding.
std::string base64(Bytes bytes);
// Strict: padding is required, whitespace and bits beyond the last byte are refused.
std::optional<std::vector<std::uint8_t>> base64_decode(std::string_view text);

}  // namespace porthole::crypto
