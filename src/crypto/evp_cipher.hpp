// One context of OpenSSL's AES-128, in counter mode or GCM, which is given an IV for each packet.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"

// OpenSSL's own names, so that this header does not bring OpenSSL with it.
using EVP_CIPHER = struct evp_cipher_st;
using EVP_CIPHER_CTX = struct evp_cipher_ctx_st;

namespace porthole::crypto {

// The functions return false only where OpenSSL fails, and open() where the tag does not fit. A new key costs
// as much as half a packet, a new IV next to nothing. Nothing is allocated after construction.
class EvpCipher {
 public:
  using Key = std::array<std::uint8_t, 16>;
  static constexpr std::size_t kTagSize = 16;  // GCM's.

  enum class Direction : std::uint8_t { encrypt, decrypt };

  // Counter mode is the same in both directions; its IV has 16 bytes, GCM's 12.
  static EvpCipher counter_mode();
  static EvpCipher gcm(Direction direction);

  // Begins a packet. A null key keeps the one that was used last; the first packet needs one.
  bool start(const Key* key, const std::uint8_t* iv);
  // GCM only, before run(): bytes that are authenticated and stay as they are.
  bool authenticate(Bytes clear);
  // Encrypts or decrypts `in` to `out`, which is the same address or does not overlap.
  bool run(Bytes in, std::uint8_t* out);
  // GCM only, ends a packet: writes the tag.
  bool seal(std::uint8_t* tag);
  // GCM only, ends a packet: compares the tag, in constant time.
  bool open(std::uint8_t* tag);

 private:
  struct Release {
    void operator()(EVP_CIPHER_CTX* context) const;
  };

  EvpCipher(const EVP_CIPHER* cipher, Direction direction);

  std::unique_ptr<EVP_CIPHER_CTX, Release> context_;  // Owned.
};

}  // namespace porthole::crypto
