// libsrtp2: the SRTP that others use, for ours to be compared with.
#pragma once

#include <srtp2/srtp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/bytes.hpp"
#include "crypto/srtp_keys.hpp"

namespace porthole::crypto::test {

// One direction. With the outbound one only protect..() works, with the inbound one only unprotect..().
class Libsrtp {
 public:
  Libsrtp(SrtpProfile profile, const SrtpMasterKey& master, srtp_ssrc_type_t direction) {
    static const bool ready = srtp_init() == srtp_err_status_ok;
    srtp_policy_t policy{};
    for (srtp_crypto_policy_t* part : {&policy.rtp, &policy.rtcp}) {
      if (profile == SrtpProfile::aead_aes_128_gcm) {
        srtp_crypto_policy_set_aes_gcm_128_16_auth(part);
      } else {
        srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(part);
      }
    }
    std::array<std::uint8_t, sizeof(master.key) + sizeof(master.salt)> key_and_salt{};
    std::ranges::copy(master.key, key_and_salt.begin());
    std::ranges::copy(master.salt, key_and_salt.begin() + sizeof(master.key));
    policy.key = key_and_salt.data();
    policy.ssrc.type = direction;
    policy.window_size = 1024;
    policy.allow_repeat_tx = 1;
    srtp_t session = nullptr;
    if (!ready || srtp_create(&session, &policy) != srtp_err_status_ok) std::abort();
    session_.reset(session);
  }

  // In place, as ours: the new size, or 0.
  std::size_t protect_rtp(MutableBytes buffer, std::size_t size) { return run(srtp_protect, buffer, size); }
  std::size_t protect_rtcp(MutableBytes buffer, std::size_t size) {
    return run(srtp_protect_rtcp, buffer, size);
  }
  std::size_t unprotect_rtp(MutableBytes packet) { return run(srtp_unprotect, packet, packet.size()); }
  std::size_t unprotect_rtcp(MutableBytes packet) { return run(srtp_unprotect_rtcp, packet, packet.size()); }

 private:
  struct Release {
    void operator()(srtp_ctx_t_* session) const { srtp_dealloc(session); }
  };

  template <class Function>
  std::size_t run(Function* function, MutableBytes buffer, std::size_t size) {
    int length = static_cast<int>(size);
    if (function(session_.get(), buffer.data(), &length) != srtp_err_status_ok) return 0;
    return static_cast<std::size_t>(length);
  }

  std::unique_ptr<srtp_ctx_t_, Release> session_;  // Owned.
};

}  // namespace porthole::crypto::test
