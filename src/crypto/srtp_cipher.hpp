// What makes SRTP and SRTCP of one direction's packets, or packets of them again, by profile.
#pragma once

#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "crypto/srtp_keys.hpp"

namespace porthole::crypto {

enum class SrtpKind : std::uint8_t { rtp, rtcp };

// What the key stream of a packet depends on besides the keys: two packets must never have the same.
struct SrtpPosition {
  SrtpKind kind = SrtpKind::rtp;
  std::uint32_t ssrc = 0;
  std::uint64_t index = 0;  // RTP's of 48 bits, RTCP's of 31.
};

// RTP and RTCP take turns in one context, which is given the other's key when the other comes: RTCP is rare,
// and a context of OpenSSL's is most of what SRTP costs in memory.
class SrtpCipher {
 public:
  enum class Direction : std::uint8_t { seal, open };

  virtual ~SrtpCipher() = default;

  // Makes a packet in `out`, which has room for the trailer: out[0, header_size) stays readable,
  // out[header_size, written) is encrypted in place, and `payload` from where it is to behind that. Returns
  // the whole size, or 0 where OpenSSL fails.
  virtual std::size_t seal(const SrtpPosition& position, MutableBytes out, std::size_t header_size,
                           std::size_t written, Bytes payload) = 0;

  // Decrypts in place. `packet` has room for header and trailer. False for what is not authentic.
  virtual bool open(const SrtpPosition& position, MutableBytes packet, std::size_t header_size) = 0;
};

std::unique_ptr<SrtpCipher> make_srtp_cipher(SrtpProfile profile, const SrtpSessionKeys& keys,
                                             SrtpCipher::Direction direction);

// RFC 3711 section 3.4: RTCP says its index itself, behind a bit that says that it is encrypted.
constexpr std::uint32_t kSrtcpEncrypted = 0x8000'0000;
// Where in a packet of so many bytes that stands: GCM has it behind the tag (RFC 7714 section 9.2), counter
// mode in front of it.
constexpr std::size_t srtcp_index_at(SrtpProfile profile, std::size_t packet_size) {
  return packet_size - (profile == SrtpProfile::aead_aes_128_gcm ? 4 : srtcp_trailer(profile));
}

}  // namespace porthole::crypto
