// SRTP's profiles, the keys that DTLS makes for them, and the session keys that are derived from those.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace porthole::crypto {

// The values that use_srtp carries: RFC 5764 section 4.1.2 and RFC 7714 section 14.2.
enum class SrtpProfile : std::uint16_t { aes128_cm_sha1_80 = 0x0001, aead_aes_128_gcm = 0x0007 };

// One direction's master key.
struct SrtpMasterKey {
  std::array<std::uint8_t, 16> key{};
  std::array<std::uint8_t, 14> salt{};  // AES-GCM uses the first 12 bytes (RFC 7714 section 12).
};

struct SrtpKeys {
  SrtpProfile profile = SrtpProfile::aead_aes_128_gcm;
  SrtpMasterKey local;   // Protects what is sent.
  SrtpMasterKey remote;  // Protects what is received.
};

// What protection adds behind a packet, at most: AES-GCM's 16-byte tag, and for RTCP the 4-byte index too.
constexpr std::size_t kMaxSrtpTrailer = 16;
constexpr std::size_t kMaxSrtcpTrailer = 20;

// What it adds with this profile, exactly.
constexpr std::size_t srtp_trailer(SrtpProfile profile) {
  return profile == SrtpProfile::aead_aes_128_gcm ? 16 : 10;
}
constexpr std::size_t srtcp_trailer(SrtpProfile profile) {
  return srtp_trailer(profile) + 4;
}

// RTP and RTCP share a master key and nothing that is derived from it.
struct SrtpKindKeys {
  std::array<std::uint8_t, 16> encryption{};
  std::array<std::uint8_t, 20> authentication{};  // AES-GCM has no use for it.
  std::array<std::uint8_t, 14> salt{};            // AES-GCM uses the first 12 bytes.
};

struct SrtpSessionKeys {
  SrtpKindKeys rtp;
  SrtpKindKeys rtcp;
};

// RFC 3711 section 4.3, with a key derivation rate of 0: once, at the start.
SrtpSessionKeys derive_session_keys(SrtpProfile profile, const SrtpMasterKey& master);

}  // namespace porthole::crypto
