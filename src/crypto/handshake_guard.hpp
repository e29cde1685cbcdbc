// Reads along while a TLS handshake is in clear: OpenSSL would reserve 128 KiB and more for a ClientHello
// because four bytes say that it is so long.
#pragma once

#include <array>
#include <cstdint>

#include "base/bytes.hpp"

namespace porthole::crypto {

// RFC 8446 section 4: with its header of 4 bytes it fits into what OpenSSL reserves for every handshake. The
// largest that browsers send, with post-quantum key shares and a ticket, are 2 KiB.
constexpr std::size_t kMaxTlsHandshakeMessage = 16 * 1024 - 4;

class HandshakeGuard {
 public:
  // Everything that a client sends, in order. False when a message is announced that is too long; of no use
  // afterwards.
  bool admit(Bytes ciphertext);

 private:
  // The first bytes of something, which may come one by one.
  template <std::size_t Size>
  class Header {
   public:
    // Takes what is missing from the front; true when that was the last of it.
    bool collect(Bytes& from) {
      while (!from.empty() && size_ < Size) {
        bytes_[size_++] = from.front();
        from = from.subspan(1);
      }
      if (size_ < Size) return false;
      size_ = 0;
      return true;
    }
    const std::uint8_t* at(std::size_t offset) const { return &bytes_[offset]; }

   private:
    std::array<std::uint8_t, Size> bytes_{};
    std::size_t size_ = 0;
  };

  bool admit_messages(Bytes fragment);

  Header<5> record_;
  Header<4> message_;
  std::size_t record_left_ = 0;   // Bytes until the next record.
  std::size_t message_left_ = 0;  // Bytes until the next message, in this record and those that follow.
};

}  // namespace porthole::crypto
