// SRTP and SRTCP (RFC 3711, RFC 7714) for one viewer, with keys from DTLS (RFC 5764).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"

// libsrtp's own name, so that this header does not bring libsrtp with it.
struct srtp_ctx_t_;

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

enum class SrtpError : std::uint8_t {
  malformed,         // Too short, not version 2, or a header that is longer than the packet.
  not_authentic,     // The tag does not fit: forged, damaged, or another viewer's.
  replayed,          // Seen before, or too old to tell.
  too_many_sources,  // More SSRCs than a viewer needs.
};

struct SrtpContextRelease {
  void operator()(srtp_ctx_t_* context) const;
};
using SrtpContext = std::unique_ptr<srtp_ctx_t_, SrtpContextRelease>;

// Encrypts what goes to one viewer. Not to be used from two threads at once.
class SrtpSender {
 public:
  explicit SrtpSender(const SrtpKeys& keys);

  // Protect the `size` bytes at the front of `buffer` in place. The buffer must have room behind them for
  // the trailer. Return the new size; 0 for a packet that is not RTP or RTCP or leaves no such room.
  // A sequence number may be used again, but only for the same bytes: with the same key stream, two
  // different packets would give each other away.
  std::size_t protect_rtp(MutableBytes buffer, std::size_t size);
  std::size_t protect_rtcp(MutableBytes buffer, std::size_t size);

 private:
  // Constant after construction.
  SrtpProfile profile_;
  SrtpContext context_;  // Owned.
};

// Decrypts what comes from one viewer. Not to be used from two threads at once.
class SrtpReceiver {
 public:
  // SSRCs that a viewer may use: each costs memory for its replay window, and a browser that only watches
  // sends RTCP from one or two.
  static constexpr std::size_t kMaxSources = 8;

  explicit SrtpReceiver(const SrtpKeys& keys);

  // Unprotect a packet in place and return its size without the trailer. After an error the bytes of
  // `packet` may be scrambled.
  Result<std::size_t, SrtpError> unprotect_rtp(MutableBytes packet);
  Result<std::size_t, SrtpError> unprotect_rtcp(MutableBytes packet);

 private:
  Result<std::size_t, SrtpError> unprotect(MutableBytes packet, std::uint32_t ssrc, bool rtcp);
  bool knows(std::uint32_t ssrc) const;

  SrtpProfile profile_;  // Constant after construction.
  SrtpContext context_;  // Owned.
  std::array<std::uint32_t, kMaxSources> sources_{};
  std::size_t source_count_ = 0;
};

}  // namespace porthole::crypto
