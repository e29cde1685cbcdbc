#include "crypto/srtp.hpp"

#include <srtp2/srtp.h>

#include <algorithm>
#include <cstdlib>

namespace porthole::crypto {
namespace {

// How far behind the newest packet one may come and still be told from a replay. A sender may also repeat one
// that is this old.
constexpr unsigned long kReplayWindow = 1024;

// RFC 3550 sections 5.1 and 6.1: the fixed headers, and where the SSRC stands in them.
constexpr std::size_t kMinRtp = 12;
constexpr std::size_t kMinRtcp = 8;
constexpr std::size_t kRtpSsrc = 8;   // Offset.
constexpr std::size_t kRtcpSsrc = 4;  // Offset.

bool is_version_2(Bytes packet) {
  return packet[0] >> 6 == 2;
}

// Not size + trailer <= buffer.size(): that sum could wrap.
bool fits(Bytes buffer, std::size_t size, std::size_t least, std::size_t trailer) {
  return size >= least && size <= buffer.size() && buffer.size() - size >= trailer && is_version_2(buffer);
}

// libsrtp wants to be initialised once, before all else. It fails only when its own self-test does.
void initialise_library() {
  static const bool ready = srtp_init() == srtp_err_status_ok;
  if (!ready) std::abort();
}

SrtpContext make_context(SrtpProfile profile, const SrtpMasterKey& master, srtp_ssrc_type_t direction) {
  initialise_library();
  srtp_policy_t policy{};
  const bool gcm = profile == SrtpProfile::aead_aes_128_gcm;
  for (srtp_crypto_policy_t* part : {&policy.rtp, &policy.rtcp}) {
    if (gcm) {
      srtp_crypto_policy_set_aes_gcm_128_16_auth(part);
    } else {
      srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(part);
    }
  }
  // libsrtp reads the salt from behind the key.
  std::array<std::uint8_t, sizeof(master.key) + sizeof(master.salt)> key_and_salt{};
  std::ranges::copy(master.key, key_and_salt.begin());
  std::ranges::copy(master.salt, key_and_salt.begin() + sizeof(master.key));
  policy.key = key_and_salt.data();
  policy.ssrc.type = direction;
  policy.window_size = kReplayWindow;
  policy.allow_repeat_tx = 1;
  srtp_t context = nullptr;
  // Fails only without memory, or with a cipher that this build of libsrtp lacks.
  if (srtp_create(&context, &policy) != srtp_err_status_ok) std::abort();
  return SrtpContext(context);
}

SrtpError translate(srtp_err_status_t status) {
  switch (status) {
    case srtp_err_status_auth_fail:
    case srtp_err_status_cipher_fail:
      return SrtpError::not_authentic;
    case srtp_err_status_replay_fail:
    case srtp_err_status_replay_old:
      return SrtpError::replayed;
    default:
      return SrtpError::malformed;
  }
}

}  // namespace

void SrtpContextRelease::operator()(srtp_ctx_t_* context) const {
  srtp_dealloc(context);
}

SrtpSender::SrtpSender(const SrtpKeys& keys)
    : profile_(keys.profile), context_(make_context(keys.profile, keys.local, ssrc_any_outbound)) {}

std::size_t SrtpSender::protect_rtp(MutableBytes buffer, std::size_t size) {
  if (!fits(buffer, size, kMinRtp, srtp_trailer(profile_))) return 0;
  int length = static_cast<int>(size);
  if (srtp_protect(context_.get(), buffer.data(), &length) != srtp_err_status_ok) return 0;
  return static_cast<std::size_t>(length);
}

std::size_t SrtpSender::protect_rtcp(MutableBytes buffer, std::size_t size) {
  if (!fits(buffer, size, kMinRtcp, srtcp_trailer(profile_))) return 0;
  int length = static_cast<int>(size);
  if (srtp_protect_rtcp(context_.get(), buffer.data(), &length) != srtp_err_status_ok) return 0;
  return static_cast<std::size_t>(length);
}

SrtpReceiver::SrtpReceiver(const SrtpKeys& keys)
    : profile_(keys.profile), context_(make_context(keys.profile, keys.remote, ssrc_any_inbound)) {}

Result<std::size_t, SrtpError> SrtpReceiver::unprotect_rtp(MutableBytes packet) {
  if (packet.size() < kMinRtp + srtp_trailer(profile_) || !is_version_2(packet))
    return fail(SrtpError::malformed);
  return unprotect(packet, load_u32(packet.data() + kRtpSsrc), false);
}

Result<std::size_t, SrtpError> SrtpReceiver::unprotect_rtcp(MutableBytes packet) {
  if (packet.size() < kMinRtcp + srtcp_trailer(profile_) || !is_version_2(packet))
    return fail(SrtpError::malformed);
  return unprotect(packet, load_u32(packet.data() + kRtcpSsrc), true);
}

Result<std::size_t, SrtpError> SrtpReceiver::unprotect(MutableBytes packet, std::uint32_t ssrc, bool rtcp) {
  const bool known = knows(ssrc);
  if (!known && source_count_ == kMaxSources) return fail(SrtpError::too_many_sources);
  int length = static_cast<int>(packet.size());
  const srtp_err_status_t status = rtcp ? srtp_unprotect_rtcp(context_.get(), packet.data(), &length)
                                        : srtp_unprotect(context_.get(), packet.data(), &length);
  if (status != srtp_err_status_ok) return fail(translate(status));
  // libsrtp keeps state for a source from its first authentic packet on, and so do we.
  if (!known) sources_[source_count_++] = ssrc;
  return static_cast<std::size_t>(length);
}

bool SrtpReceiver::knows(std::uint32_t ssrc) const {
  return std::ranges::find(sources_.begin(), sources_.begin() + source_count_, ssrc) !=
         sources_.begin() + source_count_;
}

}  // namespace porthole::crypto
