#include "crypto/srtp_cipher.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

#include "crypto/evp_cipher.hpp"
#include "crypto/hmac.hpp"

namespace porthole::crypto {
namespace {

constexpr std::size_t kIndexSize = 4;
using Iv = std::array<std::uint8_t, 16>;

// The IV of either profile is its salt with these 10 bytes exclusive-ored into it.
Iv make_iv(const SrtpKindKeys& keys, std::size_t offset, const SrtpPosition& position) {
  std::array<std::uint8_t, 10> unique;
  store_u32(unique.data(), position.ssrc);
  store_u16(unique.data() + 4, static_cast<std::uint16_t>(position.index >> 32));
  store_u32(unique.data() + 6, static_cast<std::uint32_t>(position.index));
  Iv iv{};
  std::ranges::copy(keys.salt, iv.begin());
  for (std::size_t i = 0; i < unique.size(); ++i) iv[offset + i] ^= unique[i];
  return iv;
}

std::array<std::uint8_t, kIndexSize> to_bytes(std::uint32_t value) {
  std::array<std::uint8_t, kIndexSize> bytes;
  store_u32(bytes.data(), value);
  return bytes;
}

std::uint32_t srtcp_word(const SrtpPosition& position) {
  return kSrtcpEncrypted | static_cast<std::uint32_t>(position.index);
}

// The keys of both kinds, and which of them the context has.
class KeySwitch {
 public:
  explicit KeySwitch(const SrtpSessionKeys& keys) : keys_(keys) {}

  const SrtpKindKeys& of(SrtpKind kind) const { return kind == SrtpKind::rtp ? keys_.rtp : keys_.rtcp; }

  // Null where the context has the key already.
  const EvpCipher::Key* change_to(SrtpKind kind) {
    if (keyed_ && kind == kind_) return nullptr;
    keyed_ = true;
    kind_ = kind;
    return &of(kind).encryption;
  }

 private:
  SrtpSessionKeys keys_;  // Constant after construction.
  bool keyed_ = false;
  SrtpKind kind_ = SrtpKind::rtp;
};

// RFC 7714: the tag covers header and payload, and of RTCP the index, which stands behind the tag.
class GcmCipher final : public SrtpCipher {
 public:
  GcmCipher(const SrtpSessionKeys& keys, Direction direction)
      : keys_(keys),
        cipher_(EvpCipher::gcm(direction == Direction::seal ? EvpCipher::Direction::encrypt
                                                            : EvpCipher::Direction::decrypt)) {}

  std::size_t seal(const SrtpPosition& position, MutableBytes out, std::size_t header_size,
                   std::size_t written, Bytes payload) override {
    const std::size_t end = written + payload.size();
    const MutableBytes in_place = out.subspan(header_size, written - header_size);
    const bool ok = start(position, out.first(header_size)) && cipher_.run(in_place, in_place.data()) &&
                    cipher_.run(payload, out.data() + written) && cipher_.seal(out.data() + end);
    if (!ok) return 0;
    const std::size_t size = end + EvpCipher::kTagSize;
    if (position.kind == SrtpKind::rtp) return size;
    store_u32(out.data() + size, srtcp_word(position));
    return size + kIndexSize;
  }

  bool open(const SrtpPosition& position, MutableBytes packet, std::size_t header_size) override {
    const std::size_t trailer = EvpCipher::kTagSize + (position.kind == SrtpKind::rtcp ? kIndexSize : 0);
    const MutableBytes body = packet.subspan(header_size, packet.size() - trailer - header_size);
    return start(position, packet.first(header_size)) && cipher_.run(body, body.data()) &&
           cipher_.open(body.data() + body.size());
  }

 private:
  // RFC 7714 sections 8.1 and 9.1.
  static constexpr std::size_t kUniqueAt = 2;

  bool start(const SrtpPosition& position, Bytes header) {
    const Iv iv = make_iv(keys_.of(position.kind), kUniqueAt, position);
    if (!cipher_.start(keys_.change_to(position.kind), iv.data()) || !cipher_.authenticate(header))
      return false;
    return position.kind == SrtpKind::rtp || cipher_.authenticate(to_bytes(srtcp_word(position)));
  }

  KeySwitch keys_;
  EvpCipher cipher_;
};

// HMAC-SHA1 (RFC 2104) in one context and without allocation. OpenSSL's own HMAC keeps the hash of the padded
// key and so saves two blocks of twenty, but each copy of it is allocated.
class Sha1Mac {
 public:
  Sha1Mac() : context_(EVP_MD_CTX_new()) {
    static const EVP_MD* const sha1 = EVP_MD_fetch(nullptr, "SHA1", nullptr);
    // Fails only without memory, or without the default provider.
    if (EVP_DigestInit_ex2(context_.get(), sha1, nullptr) != 1) std::abort();
  }

  bool compute(Bytes key, Bytes message, Bytes suffix, Sha1Digest& out) {
    constexpr std::uint8_t kInnerPad = 0x36;
    constexpr std::uint8_t kOuterPad = 0x5c;
    return begin(key, kInnerPad) && update(message) && update(suffix) && finish(out) &&
           begin(key, kOuterPad) && update(out) && finish(out);
  }

 private:
  struct Release {
    void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
  };

  bool begin(Bytes key, std::uint8_t pad) {
    std::array<std::uint8_t, 64> block;  // What SHA-1 takes at a time.
    block.fill(pad);
    for (std::size_t i = 0; i < key.size(); ++i) block[i] ^= key[i];
    return EVP_DigestInit_ex2(context_.get(), nullptr, nullptr) == 1 && update(block);
  }
  bool update(Bytes bytes) { return EVP_DigestUpdate(context_.get(), bytes.data(), bytes.size()) == 1; }
  bool finish(Sha1Digest& out) { return EVP_DigestFinal_ex(context_.get(), out.data(), nullptr) == 1; }

  std::unique_ptr<EVP_MD_CTX, Release> context_;  // Owned.
};

// RFC 3711: the tag covers the whole packet as it is sent, and the rollover counter of RTP or index of RTCP.
class CounterModeCipher final : public SrtpCipher {
 public:
  explicit CounterModeCipher(const SrtpSessionKeys& keys) : keys_(keys), cipher_(EvpCipher::counter_mode()) {}

  std::size_t seal(const SrtpPosition& position, MutableBytes out, std::size_t header_size,
                   std::size_t written, Bytes payload) override {
    std::size_t end = written + payload.size();
    const MutableBytes in_place = out.subspan(header_size, written - header_size);
    const bool ok = start(position) && cipher_.run(in_place, in_place.data()) &&
                    cipher_.run(payload, out.data() + written);
    if (!ok) return 0;
    if (position.kind == SrtpKind::rtcp) {
      store_u32(out.data() + end, srtcp_word(position));
      end += kIndexSize;
    }
    Sha1Digest tag;
    if (!authenticate(position, out.first(end), tag)) return 0;
    std::copy_n(tag.begin(), kTagSize, out.begin() + static_cast<std::ptrdiff_t>(end));
    return end + kTagSize;
  }

  bool open(const SrtpPosition& position, MutableBytes packet, std::size_t header_size) override {
    const MutableBytes covered = packet.first(packet.size() - kTagSize);
    Sha1Digest tag;
    if (!authenticate(position, covered, tag)) return false;
    if (!constant_time_equal(Bytes(tag).first(kTagSize), packet.last(kTagSize))) return false;
    const std::size_t index_size = position.kind == SrtpKind::rtcp ? kIndexSize : 0;
    const MutableBytes body = covered.subspan(header_size, covered.size() - index_size - header_size);
    return start(position) && cipher_.run(body, body.data());
  }

 private:
  // RFC 3711 section 4.2.1 and 5.2: 80 of HMAC-SHA1's 160 bits.
  static constexpr std::size_t kTagSize = srtp_trailer(SrtpProfile::aes128_cm_sha1_80);
  // RFC 3711 section 4.1.1: the last 2 bytes count blocks.
  static constexpr std::size_t kUniqueAt = 4;

  bool start(const SrtpPosition& position) {
    const Iv iv = make_iv(keys_.of(position.kind), kUniqueAt, position);
    return cipher_.start(keys_.change_to(position.kind), iv.data());
  }

  // RFC 3711 section 4.2: RTCP's index is part of the packet, RTP's rollover counter is not.
  bool authenticate(const SrtpPosition& position, Bytes covered, Sha1Digest& tag) {
    const Bytes key = keys_.of(position.kind).authentication;
    if (position.kind == SrtpKind::rtcp) return mac_.compute(key, covered, {}, tag);
    return mac_.compute(key, covered, to_bytes(static_cast<std::uint32_t>(position.index >> 16)), tag);
  }

  KeySwitch keys_;
  EvpCipher cipher_;
  Sha1Mac mac_;
};

}  // namespace

std::unique_ptr<SrtpCipher> make_srtp_cipher(SrtpProfile profile, const SrtpSessionKeys& keys,
                                             SrtpCipher::Direction direction) {
  if (profile == SrtpProfile::aead_aes_128_gcm) return std::make_unique<GcmCipher>(keys, direction);
  return std::make_unique<CounterModeCipher>(keys);
}

}  // namespace porthole::crypto
