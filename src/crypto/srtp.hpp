// SRTP and SRTCP (RFC 3711, RFC 7714) for one viewer, with keys from DTLS (RFC 5764).
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/srtp_cipher.hpp"
#include "crypto/srtp_index.hpp"
#include "crypto/srtp_keys.hpp"

namespace porthole::crypto {

enum class SrtpError : std::uint8_t {
  malformed,      // Too short, not version 2, a header longer than the packet, or RTCP that is not encrypted.
  not_authentic,  // The tag does not fit: forged, damaged, or another viewer's.
  replayed,       // Seen before, or too old to tell.
  too_many_sources,  // More SSRCs than a viewer needs.
};

// Encrypts what goes to one viewer. Not to be used from two threads at once.
class SrtpSender {
 public:
  // SSRCs that RTP may be sent with: a viewer's stream has one for media and one for retransmissions.
  static constexpr std::size_t kMaxSources = 4;

  explicit SrtpSender(const SrtpKeys& keys);

  // Protect the `size` bytes at the front of `buffer` in place. The buffer must have room behind them for
  // the trailer. Return the new size; 0 for a packet that is not RTP or RTCP, leaves no such room, comes from
  // a source too many, or is beyond what may be sent with one key. A sequence number may be used again, but
  // only for the same bytes: with the same key stream, two different packets would give each other away. It
  // may be up to half a circle old.
  std::size_t protect_rtp(MutableBytes buffer, std::size_t size);
  std::size_t protect_rtcp(MutableBytes buffer, std::size_t size);

  // The same for a packet whose payload need not be copied: out[0, header_size) is the RTP header with its
  // extensions, out[header_size, written) the beginning of what is to be encrypted (or nothing), and
  // `payload`, which lies elsewhere, its rest. It is encrypted on the way to `out`.
  std::size_t protect_rtp(MutableBytes out, std::size_t header_size, std::size_t written, Bytes payload);

 private:
  struct Source {
    std::uint32_t ssrc = 0;
    std::uint64_t highest = 0;  // Index.
  };

  // The source of this SSRC, a new one if need be; null if there are too many.
  Source* find(std::uint32_t ssrc, std::uint16_t sequence);

  SrtpProfile profile_;                 // Constant after construction.
  std::unique_ptr<SrtpCipher> cipher_;  // Owned.
  std::array<Source, kMaxSources> sources_{};
  std::size_t source_count_ = 0;
  // One for all sources: each sees it grow, and no two packets share one.
  std::uint64_t next_rtcp_index_ = 0;
};

// Decrypts what comes from one viewer. Not to be used from two threads at once.
class SrtpReceiver {
 public:
  // SSRCs that a viewer may use for RTP, and for RTCP: each costs memory for its replay window, and a browser
  // that only watches sends RTCP from one or two.
  static constexpr std::size_t kMaxSources = 8;
  // How far behind the newest packet one may come and still be told from a replay: retransmissions come late.
  static constexpr std::size_t kRtpWindow = 1024;
  static constexpr std::size_t kRtcpWindow = 64;

  explicit SrtpReceiver(const SrtpKeys& keys);

  // Unprotect a packet in place and return its size without the trailer. After an error the bytes of
  // `packet` may be scrambled.
  Result<std::size_t, SrtpError> unprotect_rtp(MutableBytes packet);
  Result<std::size_t, SrtpError> unprotect_rtcp(MutableBytes packet);

 private:
  SrtpProfile profile_;                 // Constant after construction.
  std::unique_ptr<SrtpCipher> cipher_;  // Owned.
  ReplayWindows<kRtpWindow> rtp_sources_;
  ReplayWindows<kRtcpWindow> rtcp_sources_;
};

}  // namespace porthole::crypto
