// SRTP and SRTCP of a viewer's: what was not protected is refused, and what was is opened once, as it was.
#include <algorithm>
#include <optional>
#include <vector>

#include "crypto/srtp.hpp"
#include "fuzz/require.hpp"

namespace porthole::fuzz {
namespace {

using crypto::SrtpError;
using crypto::SrtpKeys;
using crypto::SrtpProfile;
using Packet = std::vector<std::uint8_t>;

constexpr std::size_t kMaxSteps = 32;

// How a packet is treated, bit by bit.
constexpr std::uint8_t kControl = 0x01;
constexpr std::uint8_t kRaw = 0x02;      // It arrives as it is, without being protected.
constexpr std::uint8_t kDamaged = 0x04;  // A damaged copy arrives first.

SrtpKeys keys_of(SrtpProfile profile) {
  SrtpKeys keys{.profile = profile, .local = {}, .remote = {}};
  keys.local.key.fill(0x11);
  keys.local.salt.fill(0x22);
  keys.remote = keys.local;
  return keys;
}

// A viewer, whoever sends to it, and a sender that is given its packets in pieces.
class Viewer {
 public:
  explicit Viewer(SrtpProfile profile)
      : profile_(profile),
        sender_(keys_of(profile)),
        by_pieces_(keys_of(profile)),
        receiver_(keys_of(profile)) {}

  void take(std::uint8_t how, std::uint8_t where, Bytes clear) {
    const bool control = (how & kControl) != 0;
    if ((how & kRaw) != 0) {
      Packet packet(clear.begin(), clear.end());
      require(!open(packet, control), "what was not protected is refused");
      return;
    }
    Packet packet = protect(clear, control);
    if (packet.empty()) return;
    if (!control) check_pieces(clear, packet, where);
    if ((how & kDamaged) != 0) check_damaged(packet, where, control);
    check_opened(packet, clear, control);
  }

 private:
  using Opened = Result<std::size_t, SrtpError>;

  Opened open(Packet& packet, bool control) {
    return control ? receiver_.unprotect_rtcp(packet) : receiver_.unprotect_rtp(packet);
  }

  Packet protect(Bytes clear, bool control) {
    Packet packet(clear.begin(), clear.end());
    packet.resize(clear.size() + crypto::kMaxSrtcpTrailer);
    const std::size_t size =
        control ? sender_.protect_rtcp(packet, clear.size()) : sender_.protect_rtp(packet, clear.size());
    const std::size_t trailer = control ? srtcp_trailer(profile_) : srtp_trailer(profile_);
    require(size == 0 || size == clear.size() + trailer, "the trailer is as long as it is said to be");
    packet.resize(size);
    return packet;
  }

  // The header was found to lie within the packet.
  static std::size_t header_size(Bytes clear) {
    const std::size_t fixed = 12 + (clear[0] & 0x0FU) * 4;
    return (clear[0] & 0x10) == 0 ? fixed : fixed + 4 + load_u16(&clear[fixed + 2]) * std::size_t{4};
  }

  void check_pieces(Bytes clear, const Packet& whole, std::uint8_t where) {
    const std::size_t header = header_size(clear);
    const std::size_t written = std::min(clear.size(), header + where);
    Packet out(clear.begin(), clear.begin() + static_cast<std::ptrdiff_t>(written));
    out.resize(whole.size());
    const std::size_t size = by_pieces_.protect_rtp(out, header, written, clear.subspan(written));
    require(size == whole.size() && out == whole, "a packet in pieces is the same packet");
  }

  void check_damaged(Packet packet, std::uint8_t where, bool control) {
    packet[where % packet.size()] ^= static_cast<std::uint8_t>(1U << (where % 8));
    const auto opened = open(packet, control);
    require(!opened, "a damaged packet is refused");
  }

  void check_opened(const Packet& packet, Bytes clear, bool control) {
    Packet copy = packet;
    const auto opened = open(copy, control);
    if (opened) {
      require(*opened == clear.size() && std::equal(clear.begin(), clear.end(), copy.begin()),
              "what is opened is what was protected");
    } else {
      const SrtpError allowed = control ? SrtpError::too_many_sources : SrtpError::replayed;
      require(opened.error() == allowed, "only what came before, or from a source too many, is refused");
    }
    copy = packet;
    require(!open(copy, control), "nothing is opened twice");
  }

  SrtpProfile profile_;
  crypto::SrtpSender sender_;
  crypto::SrtpSender by_pieces_;
  crypto::SrtpReceiver receiver_;
};

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const bool gcm = (input.u8() & 1) != 0;
  fuzz::Viewer viewer(gcm ? crypto::SrtpProfile::aead_aes_128_gcm : crypto::SrtpProfile::aes128_cm_sha1_80);
  for (std::size_t step = 0; step < fuzz::kMaxSteps && input.remaining() >= 3; ++step) {
    const std::uint8_t how = input.u8();
    const std::uint8_t where = input.u8();
    const std::size_t length = std::min<std::size_t>(input.u8(), input.remaining());
    viewer.take(how, where, input.take(length));
  }
  return 0;
}
