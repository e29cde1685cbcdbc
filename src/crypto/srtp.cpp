#include "crypto/srtp.hpp"

#include <algorithm>
#include <optional>

namespace porthole::crypto {
namespace {

// RFC 3550 sections 5.1 and 6.1: the fixed headers, and what stands where in them.
constexpr std::size_t kMinRtp = 12;
constexpr std::size_t kMinRtcp = 8;
constexpr std::size_t kRtpSequence = 2;  // Offset.
constexpr std::size_t kRtpSsrc = 8;      // Offset.
constexpr std::size_t kRtcpSsrc = 4;     // Offset.

bool is_version_2(Bytes packet) {
  return packet[0] >> 6 == 2;
}

// RFC 3550 section 5.1: the fixed header, contributing sources, an extension. Nothing if the packet is
// shorter.
std::optional<std::size_t> rtp_header_size(Bytes packet) {
  if (packet.size() < kMinRtp || !is_version_2(packet)) return std::nullopt;
  std::size_t size = kMinRtp + std::size_t{packet[0] & 0x0FU} * 4;
  if ((packet[0] & 0x10) != 0) {
    if (packet.size() < size + 4) return std::nullopt;
    size += 4 + std::size_t{load_u16(&packet[size + 2])} * 4;
  }
  if (packet.size() < size) return std::nullopt;
  return size;
}

// Not written + payload + trailer <= out.size(): that sum could wrap.
bool has_room(Bytes out, std::size_t written, std::size_t payload, std::size_t trailer) {
  return written <= out.size() && payload <= out.size() - written &&
         trailer <= out.size() - written - payload;
}

// RFC 3711 section 3.3, the receiver's steps 3 to 7: nothing is remembered of a packet that is not authentic.
template <class Windows>
std::optional<SrtpError> open(SrtpCipher& cipher, Windows& sources, const SrtpPosition& position,
                              MutableBytes packet, std::size_t header_size) {
  auto* window = sources.find(position.ssrc);
  if (window == nullptr && sources.size() == SrtpReceiver::kMaxSources) return SrtpError::too_many_sources;
  if (window != nullptr && !window->is_new(position.index)) return SrtpError::replayed;
  if (!cipher.open(position, packet, header_size)) return SrtpError::not_authentic;
  if (window == nullptr) window = &sources.add(position.ssrc);
  window->add(position.index);
  return std::nullopt;
}

}  // namespace

SrtpSender::SrtpSender(const SrtpKeys& keys)
    : profile_(keys.profile),
      cipher_(make_srtp_cipher(keys.profile, derive_session_keys(keys.profile, keys.local),
                               SrtpCipher::Direction::seal)) {}

SrtpSender::Source* SrtpSender::find(std::uint32_t ssrc, std::uint16_t sequence) {
  for (std::size_t i = 0; i < source_count_; ++i) {
    if (sources_[i].ssrc == ssrc) return &sources_[i];
  }
  if (source_count_ == kMaxSources) return nullptr;
  // RFC 3711 section 3.3.1: the rollover counter begins at 0.
  sources_[source_count_] = {ssrc, sequence};
  return &sources_[source_count_++];
}

std::size_t SrtpSender::protect_rtp(MutableBytes buffer, std::size_t size) {
  if (size > buffer.size()) return 0;
  const auto header_size = rtp_header_size(buffer.first(size));
  return header_size ? protect_rtp(buffer, *header_size, size, {}) : 0;
}

std::size_t SrtpSender::protect_rtp(MutableBytes out, std::size_t header_size, std::size_t written,
                                    Bytes payload) {
  const bool fits = has_room(out, written, payload.size(), srtp_trailer(profile_));
  if (!fits || header_size < kMinRtp || header_size > written || !is_version_2(out)) return 0;
  const std::uint32_t ssrc = load_u32(out.data() + kRtpSsrc);
  const std::uint16_t sequence = load_u16(out.data() + kRtpSequence);
  Source* const source = find(ssrc, sequence);
  if (source == nullptr) return 0;
  const std::uint64_t index = rtp_index_near(source->highest, sequence);
  if (index > kMaxRtpIndex) return 0;
  source->highest = std::max(source->highest, index);
  return cipher_->seal({SrtpKind::rtp, ssrc, index}, out, header_size, written, payload);
}

std::size_t SrtpSender::protect_rtcp(MutableBytes buffer, std::size_t size) {
  const bool fits = has_room(buffer, size, 0, srtcp_trailer(profile_));
  if (!fits || size < kMinRtcp || !is_version_2(buffer) || next_rtcp_index_ > kMaxRtcpIndex) return 0;
  const std::uint32_t ssrc = load_u32(buffer.data() + kRtcpSsrc);
  return cipher_->seal({SrtpKind::rtcp, ssrc, next_rtcp_index_++}, buffer, kMinRtcp, size, {});
}

SrtpReceiver::SrtpReceiver(const SrtpKeys& keys)
    : profile_(keys.profile),
      cipher_(make_srtp_cipher(keys.profile, derive_session_keys(keys.profile, keys.remote),
                               SrtpCipher::Direction::open)) {}

Result<std::size_t, SrtpError> SrtpReceiver::unprotect_rtp(MutableBytes packet) {
  const std::size_t trailer = srtp_trailer(profile_);
  if (packet.size() < trailer) return fail(SrtpError::malformed);
  const auto header_size = rtp_header_size(packet.first(packet.size() - trailer));
  if (!header_size) return fail(SrtpError::malformed);
  const std::uint32_t ssrc = load_u32(packet.data() + kRtpSsrc);
  const std::uint16_t sequence = load_u16(packet.data() + kRtpSequence);
  const auto* window = rtp_sources_.find(ssrc);
  const std::uint64_t index = window == nullptr ? sequence : window->near(sequence);
  if (const auto error = open(*cipher_, rtp_sources_, {SrtpKind::rtp, ssrc, index}, packet, *header_size)) {
    return fail(*error);
  }
  return packet.size() - trailer;
}

Result<std::size_t, SrtpError> SrtpReceiver::unprotect_rtcp(MutableBytes packet) {
  const std::size_t trailer = srtcp_trailer(profile_);
  if (packet.size() < kMinRtcp + trailer || !is_version_2(packet)) return fail(SrtpError::malformed);
  const std::uint32_t word = load_u32(packet.data() + srtcp_index_at(profile_, packet.size()));
  // RFC 8827 section 6.5: WebRTC knows no SRTCP without encryption.
  if ((word & kSrtcpEncrypted) == 0) return fail(SrtpError::malformed);
  const SrtpPosition position{SrtpKind::rtcp, load_u32(packet.data() + kRtcpSsrc), word & ~kSrtcpEncrypted};
  if (const auto error = open(*cipher_, rtcp_sources_, position, packet, kMinRtcp)) return fail(*error);
  return packet.size() - trailer;
}

}  // namespace porthole::crypto
