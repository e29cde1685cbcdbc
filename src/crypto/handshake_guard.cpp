#include "crypto/handshake_guard.hpp"

#include <algorithm>

namespace porthole::crypto {
namespace {

// RFC 8446 section 5.1.
constexpr std::uint8_t kHandshake = 22;

Bytes take_front(Bytes& from, std::size_t& left) {
  const Bytes taken = from.first(std::min(from.size(), left));
  from = from.subspan(taken.size());
  left -= taken.size();
  return taken;
}

}  // namespace

bool HandshakeGuard::admit(Bytes ciphertext) {
  while (!ciphertext.empty()) {
    if (record_left_ == 0) {
      if (record_.collect(ciphertext)) record_left_ = load_u16(record_.at(3));
      continue;
    }
    const Bytes fragment = take_front(ciphertext, record_left_);
    if (*record_.at(0) == kHandshake && !admit_messages(fragment)) return false;
  }
  return true;
}

bool HandshakeGuard::admit_messages(Bytes fragment) {
  while (!fragment.empty()) {
    if (message_left_ > 0) {
      take_front(fragment, message_left_);
    } else if (message_.collect(fragment)) {
      message_left_ = load_u32(message_.at(0)) & 0xFF'FFFF;
      if (message_left_ > kMaxTlsHandshakeMessage) return false;
    }
  }
  return true;
}

}  // namespace porthole::crypto
