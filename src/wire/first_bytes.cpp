#include "wire/first_bytes.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "wire/stun.hpp"

namespace porthole::wire {
namespace {

using namespace std::string_view_literals;

struct Opening {
  std::string_view bytes;
  StreamKind kind;
};

// What streams of the text and TLS protocols begin with. No STUN message begins like any of them: its first
// byte is below 4, and behind a 2-byte length it would be longer than kMaxFirstFrame.
constexpr std::array kOpenings{
    Opening{"GET "sv, StreamKind::http},
    Opening{"HEAD "sv, StreamKind::http},
    Opening{"POST "sv, StreamKind::http},
    Opening{"PUT "sv, StreamKind::http},
    Opening{"PATCH "sv, StreamKind::http},
    Opening{"DELETE "sv, StreamKind::http},
    Opening{"OPTIONS "sv, StreamKind::http},
    Opening{"CONNECT "sv, StreamKind::http},
    Opening{"TRACE "sv, StreamKind::http},
    Opening{"PROXY "sv, StreamKind::proxy},
    // PROXY protocol version 2, section 2.2.
    Opening{"\r\n\r\n\0\r\nQUIT\n"sv, StreamKind::proxy},
    // RFC 8446 section 5.1: a handshake record, major version 3 of all versions there are.
    Opening{"\x16\x03"sv, StreamKind::tls},
};

static_assert(std::ranges::all_of(kOpenings, [](const Opening& opening) {
  return opening.bytes.size() <= kStreamKindBytes;
}));

// RFC 7983 section 7: the methods that are in use need no more.
constexpr std::uint8_t kLastStunByte = 3;

// The first frame of ICE-TCP is a check (RFC 6544 section 7), a few hundred bytes at most.
constexpr std::size_t kMaxFirstFrame = 1500;

StreamKind classify_text(Bytes first_bytes) {
  const std::string_view seen = as_text(first_bytes);
  StreamKind kind = StreamKind::unknown;
  for (const Opening& opening : kOpenings) {
    if (seen.starts_with(opening.bytes)) return opening.kind;
    if (opening.bytes.starts_with(seen)) kind = StreamKind::need_more;
  }
  return kind;
}

// Whether a STUN message may begin here, as far as there are bytes to tell.
bool may_be_stun(Bytes bytes) {
  if (!bytes.empty() && bytes[0] > kLastStunByte) return false;
  if (bytes.size() >= 4 && (bytes[3] & 3) != 0) return false;
  return bytes.size() < 8 || load_u32(&bytes[4]) == stun::kMagicCookie;
}

bool may_be_ice_tcp(Bytes bytes) {
  if (bytes.size() < 2) return bytes.empty() || bytes[0] <= kMaxFirstFrame >> 8;
  const std::uint16_t length = load_u16(bytes.data());
  return length >= stun::kHeaderSize && length <= kMaxFirstFrame && may_be_stun(bytes.subspan(2));
}

}  // namespace

DatagramKind classify_datagram(Bytes datagram) {
  if (datagram.empty()) return DatagramKind::unknown;
  const std::uint8_t first = datagram[0];
  if (first <= kLastStunByte) {
    const bool whole = datagram.size() >= stun::kHeaderSize && stun::has_stun_header(datagram);
    return whole ? DatagramKind::stun : DatagramKind::unknown;
  }
  if (first >= 20 && first <= 63) return DatagramKind::dtls;
  if (first >= 64 && first <= 79) return DatagramKind::channel_data;
  if (first >= 128 && first <= 191) return DatagramKind::srtp;
  return DatagramKind::unknown;
}

StreamKind classify_stream(Bytes first_bytes) {
  // The cookie cannot stand at both offsets, since its halves differ.
  const bool turn = may_be_stun(first_bytes);
  const bool ice_tcp = may_be_ice_tcp(first_bytes);
  if (turn && first_bytes.size() >= 8) return StreamKind::turn;
  if (ice_tcp && first_bytes.size() >= 10) return StreamKind::ice_tcp;
  const StreamKind text = classify_text(first_bytes);
  if (text != StreamKind::unknown) return text;
  return turn || ice_tcp ? StreamKind::need_more : StreamKind::unknown;
}

}  // namespace porthole::wire
