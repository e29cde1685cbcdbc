#include "load/description.hpp"

#include <strings.h>

#include <algorithm>

#include "wire/sdp.hpp"

namespace porthole::load {
namespace {

void take(const sdp::Attributes& attributes, Description& description) {
  for (const auto& [name, value] : attributes) {
    if (name == "fingerprint" && description.fingerprint.empty()) description.fingerprint = value;
    if (name == "setup" && value == "active") description.active = true;
    if (name == "ice-lite") description.ice_lite = true;
  }
}

bool is_retransmission(std::string_view encoding) {
  return encoding.size() == 3 && ::strncasecmp(encoding.data(), "rtx", 3) == 0;
}

// Calls visit(line) for each, without its end.
template <class Visit>
void for_each_line(std::string_view text, Visit&& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    visit(line);
  }
}

// Of an m-line's attributes, those that an answer repeats as they are.
bool is_repeated(std::string_view name) {
  return name == "mid" || name == "rtpmap" || name == "rtcp-fb" || name == "fmtp" || name == "extmap";
}

void answer_media(std::string& sdp, const sdp::Media& media, std::string_view transport) {
  const bool wanted = media.kind == "video";
  std::string formats;
  for (const std::string_view format : media.formats) formats.append(" ").append(format);
  sdp::append_line(sdp, {"m=", media.kind, wanted ? " 9 " : " 0 ", media.protocol, formats});
  sdp::append_line(sdp, {"c=IN IP4 0.0.0.0"});
  sdp += transport;
  sdp::append_line(sdp, {wanted ? "a=recvonly" : "a=inactive"});
  sdp::append_line(sdp, {"a=rtcp-mux"});
  sdp::append_line(sdp, {"a=rtcp-rsize"});
  for (const auto& [name, value] : media.attributes) {
    if (is_repeated(name)) sdp::append_line(sdp, {"a=", name, ":", value});
  }
}

}  // namespace

Result<Description, std::string> read_description(std::string_view sdp) {
  const auto ice = check::read_answer(sdp);
  if (!ice) return fail(ice.error());
  const auto session = sdp::parse(sdp);
  if (!session) return fail(std::string(sdp::describe(session.error())));
  Description description;
  description.ice = ice->ice;
  description.udp = ice->udp;
  description.tcp = ice->tcp;
  take(session->attributes, description);
  for (const sdp::Media& media : session->media) {
    take(media.attributes, description);
    for (const std::string_view format : media.formats) {
      const auto map = media.rtpmap(format);
      if (map && map->payload_type < 128 && is_retransmission(map->encoding)) {
        description.retransmissions.set(map->payload_type);
      }
    }
  }
  if (description.fingerprint.empty()) return fail(std::string("The server's SDP has no fingerprint."));
  return description;
}

std::string personal_offer(std::string_view offer, const check::IceCredentials& ice,
                           std::string_view fingerprint) {
  std::string sdp;
  sdp.reserve(offer.size() + 256);
  for_each_line(offer, [&](std::string_view line) {
    if (line.starts_with("a=ice-ufrag:")) return sdp::append_line(sdp, {"a=ice-ufrag:", ice.ufrag});
    if (line.starts_with("a=ice-pwd:")) return sdp::append_line(sdp, {"a=ice-pwd:", ice.pwd});
    if (line.starts_with("a=fingerprint:"))
      return sdp::append_line(sdp, {"a=fingerprint:sha-256 ", fingerprint});
    if (!line.empty()) sdp::append_line(sdp, {line});
  });
  return sdp;
}

std::string make_answer(std::string_view offer, const check::IceCredentials& ice,
                        std::string_view fingerprint, const SocketAddress& candidate) {
  std::string sdp, transport;
  const auto session = sdp::parse(offer);
  if (!session) return sdp;
  sdp::append_line(transport, {"a=ice-ufrag:", ice.ufrag});
  sdp::append_line(transport, {"a=ice-pwd:", ice.pwd});
  sdp::append_line(transport, {"a=fingerprint:sha-256 ", fingerprint});
  sdp::append_line(transport, {"a=setup:active"});
  sdp::append_line(transport, {"a=candidate:1 1 udp 2130706431 ", candidate.ip.to_string(), " ",
                               std::to_string(candidate.port), " typ host"});
  sdp::append_line(transport, {"a=end-of-candidates"});
  sdp::append_line(sdp, {"v=0"});
  sdp::append_line(sdp, {"o=- 1 1 IN IP4 127.0.0.1"});
  sdp::append_line(sdp, {"s=-"});
  sdp::append_line(sdp, {"t=0 0"});
  if (const auto group = session->find("group")) sdp::append_line(sdp, {"a=group:", *group});
  for (const sdp::Media& media : session->media) answer_media(sdp, media, transport);
  return sdp;
}

}  // namespace porthole::load
