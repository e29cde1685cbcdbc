#include "check/offer.hpp"

#include <algorithm>

#include "wire/sdp.hpp"

namespace porthole::check {
namespace {

// RFC 8839 section 5.4: at least 24 bits and 128 bits, and at most 256 characters.
constexpr std::size_t kUfrag = 8;
constexpr std::size_t kPwd = 24;
constexpr std::size_t kMaxCredential = 256;

bool is_plain(std::string_view text) {
  return !text.empty() && text.size() <= kMaxCredential &&
         std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
}

// "1 1 udp 2130706431 192.0.2.1 8443 typ host", with "tcptype passive" behind it for TCP.
void take_candidate(std::string_view value, Answer& answer) {
  const std::vector<std::string_view> fields = sdp::words(value);
  if (fields.size() < 8 || fields[1] != "1") return;
  const auto ip = IpAddress::parse(fields[4]);
  const auto port = sdp::number(fields[5], 65'535);
  if (!ip || !port || *port == 0) return;
  const bool is_udp = fields[2] == "udp" || fields[2] == "UDP";
  const bool is_tcp = fields[2] == "tcp" || fields[2] == "TCP";
  const bool is_passive = std::ranges::find(fields, "passive") != fields.end();
  std::vector<SocketAddress>& list = is_udp ? answer.udp : answer.tcp;
  const SocketAddress address{*ip, static_cast<std::uint16_t>(*port)};
  const bool is_known = std::ranges::find(list, address) != list.end();
  if ((is_udp || (is_tcp && is_passive)) && !is_known && list.size() < kMaxCandidates)
    list.push_back(address);
}

void take(const sdp::Attributes& attributes, Answer& answer) {
  for (const auto& [name, value] : attributes) {
    if (name == "ice-ufrag" && answer.ice.ufrag.empty()) answer.ice.ufrag = value;
    if (name == "ice-pwd" && answer.ice.pwd.empty()) answer.ice.pwd = value;
    if (name == "candidate") take_candidate(value, answer);
  }
}

}  // namespace

IceCredentials make_credentials(Random& random) {
  return {random.token(kUfrag), random.token(kPwd)};
}

std::string make_offer(const IceCredentials& ice, std::string_view fingerprint, Random& random) {
  std::string sdp;
  const auto line = [&sdp](std::initializer_list<std::string_view> pieces) { sdp::append_line(sdp, pieces); };
  line({"v=0"});
  line({"o=- ", std::to_string(random.u64() >> 1), " 1 IN IP4 127.0.0.1"});
  line({"s=-"});
  line({"t=0 0"});
  line({"a=group:BUNDLE 0"});
  line({"m=video 9 UDP/TLS/RTP/SAVPF 96 97"});
  line({"c=IN IP4 0.0.0.0"});
  line({"a=ice-ufrag:", ice.ufrag});
  line({"a=ice-pwd:", ice.pwd});
  line({"a=ice-options:trickle"});
  line({"a=fingerprint:sha-256 ", fingerprint});
  line({"a=setup:actpass"});
  line({"a=mid:0"});
  line({"a=recvonly"});
  line({"a=rtcp-mux"});
  line({"a=rtpmap:96 H264/90000"});
  line({"a=rtcp-fb:96 nack pli"});
  line({"a=fmtp:96 level-asymmetry-allowed=1;packetization-mode=1;profile-level-id=42e01f"});
  line({"a=rtpmap:97 VP8/90000"});
  line({"a=rtcp-fb:97 nack pli"});
  return sdp;
}

Result<Answer, std::string> read_answer(std::string_view sdp) {
  const auto session = sdp::parse(sdp);
  if (!session) return fail(std::string(sdp::describe(session.error())));
  Answer answer;
  for (const sdp::Media& media : session->media) take(media.attributes, answer);
  take(session->attributes, answer);
  if (!is_plain(answer.ice.ufrag) || !is_plain(answer.ice.pwd)) {
    return fail(std::string("The answer has no proper ICE credentials."));
  }
  return answer;
}

}  // namespace porthole::check
