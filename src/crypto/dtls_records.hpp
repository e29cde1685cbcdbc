// The records of a DTLS 1.2 association whose handshake is over (RFC 6347 section 4.1): what is left to do
// then takes two keys, and not the 40 KB that are the least OpenSSL would hold (docs/decisions/0025).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "crypto/openssl.hpp"
#include "crypto/srtp_index.hpp"

// OpenSSL's own names, so that this header does not bring all of OpenSSL with it.
using EVP_CIPHER = struct evp_cipher_st;
using EVP_CIPHER_CTX = struct evp_cipher_ctx_st;

namespace porthole::crypto {

// RFC 5246 section 6.2.1.
enum class DtlsContent : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, data = 23 };

// What a record adds to its plaintext at most: 13 bytes of header, and 8 of nonce and 16 of tag for AES-GCM.
constexpr std::size_t kMaxDtlsOverhead = 13 + 8 + 16;

class DtlsRecords {
 public:
  // Takes over from a handshake that is done, whose SSL is not needed any more. nullptr where the cipher is
  // not one that configure_dtls() allows (or OpenSSL has no memory).
  static std::unique_ptr<DtlsRecords> take_over(const SSL* ssl);

  struct Record {
    DtlsContent type{};
    Bytes content;  // Within the buffer that it was opened into.
  };
  // Decrypts what take_record() gave. nullopt for whatever is forged, a copy, of another epoch, or larger
  // than `out`, which may have been written to.
  std::optional<Record> open(Bytes record, MutableBytes out);

  enum class Meaning : std::uint8_t {
    nothing,
    data,
    finished,  // The handshake's last message came again: the peer has not seen our last flight.
    close_notify,
    fatal_alert,
  };
  static Meaning meaning_of(const Record& record);

  // Writes a record of at most kMaxDtlsOverhead bytes more. 0 where `out` may have no room. `content` has at
  // most 2^14 bytes and does not overlap `out`. No allocation but for the first one.
  std::size_t seal(DtlsContent type, Bytes content, MutableBytes out);
  std::size_t seal_close_notify(MutableBytes out);

 private:
  struct ContextRelease {
    void operator()(EVP_CIPHER_CTX* context) const;
  };
  // What one side encrypts with.
  class Direction {
   public:
    Direction() = default;
    Direction(const Direction&) = delete;
    Direction& operator=(const Direction&) = delete;
    ~Direction();
    // The context, made when it is needed: many an association never sees a record again. nullptr when
    // OpenSSL has no memory.
    EVP_CIPHER_CTX* context(const EVP_CIPHER* cipher, bool encrypts);

    std::array<std::uint8_t, 32> key{};
    std::array<std::uint8_t, 12> iv{};  // All of it, or what stands before the nonce that a record carries.

   private:
    std::unique_ptr<EVP_CIPHER_CTX, ContextRelease> context_;
  };
  using Nonce = std::array<std::uint8_t, 12>;

  DtlsRecords(const EVP_CIPHER* cipher, bool has_explicit_nonce);
  bool derive_keys(const SSL* ssl);
  std::size_t nonce_size() const { return has_explicit_nonce_ ? 8 : 0; }
  Nonce nonce(const Direction& direction, Bytes record) const;

  // Constant after construction.
  const EVP_CIPHER* cipher_;
  const bool has_explicit_nonce_;  // RFC 5288 section 3: AES-GCM's records carry 8 bytes of their nonce.

  Direction local_;
  Direction remote_;
  std::uint64_t next_number_;
  ReplayWindow<64> read_;  // RFC 6347 section 4.1.2.6.
};

}  // namespace porthole::crypto
