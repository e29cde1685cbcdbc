#include "rtc/negotiation_ice.hpp"

#include <algorithm>

#include "wire/sdp.hpp"

namespace porthole::rtc {
namespace {

constexpr std::size_t kMinUfrag = 4;
constexpr std::size_t kMinPwd = 22;
constexpr std::size_t kMaxCredential = 256;

bool is_ice_text(std::string_view text, std::size_t shortest) {
  return text.size() >= shortest && text.size() <= kMaxCredential && std::ranges::all_of(text, [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '+' ||
                  c == '/';
         });
}

// RFC 8445 section 5.1.2.1: the type's preference, one that tells ours apart, and the component, 1, which is
// all there is with rtcp-mux.
constexpr std::uint32_t priority(std::uint32_t type_preference, std::uint32_t local_preference) {
  return (type_preference << 24) | (local_preference << 8) | 255;
}

// RFC 8445 section 5.1.2.2: 126 for host candidates.
std::uint32_t udp_priority(std::uint32_t index) {
  constexpr std::uint32_t kBest = 65'535;
  return priority(126, kBest - std::min(index, kBest));
}

// RFC 6544 section 4.2: below UDP, where browsers have their own TCP candidates, too; and in the local
// preference 4 for passive ones, above 13 bits of our choice.
std::uint32_t tcp_priority(std::uint32_t index) {
  constexpr std::uint32_t kBest = 8'191;
  constexpr std::uint32_t kPassive = 4;
  return priority(90, (kPassive << 13) | (kBest - std::min(index, kBest)));
}

// RFC 8445 section 5.1.1.3: candidates of one base address and protocol share a foundation.
std::size_t foundation(std::span<const SocketAddress> candidates, std::size_t index) {
  const auto first = std::ranges::find(candidates, candidates[index].ip, &SocketAddress::ip);
  return static_cast<std::size_t>(first - candidates.begin()) + 1;
}

struct Protocol {
  const char* name;
  std::uint32_t (*priority)(std::uint32_t index);
  const char* end;
};
constexpr Protocol kUdp{" 1 udp ", udp_priority, " typ host"};
// RFC 6544 section 4.5.
constexpr Protocol kTcp{" 1 TCP ", tcp_priority, " typ host tcptype passive"};

void append(std::string& sdp, std::span<const SocketAddress> candidates, const Protocol& protocol,
            std::size_t foundations_before) {
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    sdp::append_line(
        sdp, {"a=candidate:", std::to_string(foundations_before + foundation(candidates, i)), protocol.name,
              std::to_string(protocol.priority(static_cast<std::uint32_t>(i))), " ",
              candidates[i].ip.to_string(), " ", std::to_string(candidates[i].port), protocol.end});
  }
}

// Of a fragment: session-wide, or in the first m-line that has any.
IceCredentials find_credentials(const sdp::Session& session) {
  const auto credentials = [](const sdp::Attributes& attributes) {
    return IceCredentials{std::string(sdp::find(attributes, "ice-ufrag").value_or("")),
                          std::string(sdp::find(attributes, "ice-pwd").value_or(""))};
  };
  IceCredentials found = credentials(session.attributes);
  for (const sdp::Media& media : session.media) {
    if (found != IceCredentials{}) break;
    found = credentials(media.attributes);
  }
  return found;
}

}  // namespace

bool are_ice_credentials(const IceCredentials& ice) {
  return is_ice_text(ice.ufrag, kMinUfrag) && is_ice_text(ice.pwd, kMinPwd);
}

std::string bundle(const Offer& offer) {
  const std::string& video = offer.media[offer.video].mid;
  return offer.leader ? offer.media[*offer.leader].mid + " " + video : video;
}

void append_ice_credentials(std::string& sdp, const IceCredentials& ice) {
  sdp::append_line(sdp, {"a=ice-ufrag:", ice.ufrag});
  sdp::append_line(sdp, {"a=ice-pwd:", ice.pwd});
}

void append_candidates(std::string& sdp, const Candidates& candidates) {
  append(sdp, candidates.udp, kUdp, 0);
  append(sdp, candidates.tcp, kTcp, candidates.udp.size());
  sdp::append_line(sdp, {"a=end-of-candidates"});
}

Result<IceFragment, OfferError> read_fragment(std::string_view text) {
  const auto session = sdp::parse_fragment(text);
  if (!session) return fail(OfferError::malformed);
  IceFragment fragment{.ice = find_credentials(*session)};
  if (fragment.ice != IceCredentials{} && !are_ice_credentials(fragment.ice)) return fail(OfferError::no_ice);
  fragment.end_of_candidates =
      session->find("end-of-candidates") || std::ranges::any_of(session->media, [](const sdp::Media& media) {
        return media.find("end-of-candidates").has_value();
      });
  return fragment;
}

bool is_ice_restart(const IceFragment& fragment, const IceCredentials& known) {
  return fragment.ice != IceCredentials{} && fragment.ice != known;
}

std::string write_fragment(const Offer& offer, const IceCredentials& ice, const Candidates& candidates) {
  const OfferedMedia& tagged = offer.media[offer.leader.value_or(offer.video)];
  std::string sdp;
  sdp::append_line(sdp, {"a=ice-lite"});
  sdp::append_line(sdp, {"a=ice-options:trickle ice2"});
  if (offer.bundled) sdp::append_line(sdp, {"a=group:BUNDLE ", bundle(offer)});
  // RFC 8840 section 9.2: only there to hold what follows.
  sdp::append_line(sdp, {"m=", tagged.kind, " 9 ", tagged.protocol, " ", tagged.format});
  if (!tagged.mid.empty()) sdp::append_line(sdp, {"a=mid:", tagged.mid});
  append_ice_credentials(sdp, ice);
  append_candidates(sdp, candidates);
  return sdp;
}

}  // namespace porthole::rtc
