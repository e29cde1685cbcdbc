#include "crypto/srtp_keys.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/bytes.hpp"
#include "crypto/evp_cipher.hpp"

namespace porthole::crypto {
namespace {

// RFC 3711 section 4.3.2: what each key is derived for; RTCP's labels come behind RTP's.
enum class Label : std::uint8_t {
  rtp_encryption,
  rtp_authentication,
  rtp_salt,
  rtcp_encryption,
  rtcp_authentication,
  rtcp_salt,
};

// RFC 7714 section 12: a salt of 12 bytes. Derivation still takes one of 14 and fills up with zeros.
constexpr std::size_t kGcmSalt = 12;
// RFC 3711 section 4.3.1: the label stands in front of 48 bits of zero, at the end of the salt.
constexpr std::size_t kLabelAt = 7;

// RFC 3711 section 4.3.3: a key is as much of AES-CM's key stream as it is long.
class KeyDerivation {
 public:
  KeyDerivation(SrtpProfile profile, const SrtpMasterKey& master)
      : key_(master.key), stream_(EvpCipher::counter_mode()) {
    const bool gcm = profile == SrtpProfile::aead_aes_128_gcm;
    std::copy_n(master.salt.begin(), gcm ? kGcmSalt : master.salt.size(), iv_.begin());
  }

  void derive(Label label, MutableBytes key) {
    auto iv = iv_;
    iv[kLabelAt] ^= static_cast<std::uint8_t>(label);
    std::ranges::fill(key, std::uint8_t{0});
    // A key of zeros would let anybody in, and OpenSSL fails only without memory.
    if (!stream_.start(&key_, iv.data()) || !stream_.run(key, key.data())) std::abort();
  }

 private:
  EvpCipher::Key key_;
  EvpCipher stream_;
  std::array<std::uint8_t, 16> iv_{};
};

}  // namespace

SrtpSessionKeys derive_session_keys(SrtpProfile profile, const SrtpMasterKey& master) {
  KeyDerivation derivation(profile, master);
  SrtpSessionKeys keys;
  derivation.derive(Label::rtp_encryption, keys.rtp.encryption);
  derivation.derive(Label::rtp_authentication, keys.rtp.authentication);
  derivation.derive(Label::rtp_salt, keys.rtp.salt);
  derivation.derive(Label::rtcp_encryption, keys.rtcp.encryption);
  derivation.derive(Label::rtcp_authentication, keys.rtcp.authentication);
  derivation.derive(Label::rtcp_salt, keys.rtcp.salt);
  return keys;
}

}  // namespace porthole::crypto
