#include "rtc/negotiation.hpp"
#include "rtc/negotiation_ice.hpp"
#include "wire/sdp.hpp"

namespace porthole::rtc {
namespace {

using sdp::append_line;

// RFC 8866 section 5.2; RFC 9429 section 5.2.1 asks for an id whose highest bit is zero.
constexpr std::uint64_t kSessionIdMask = 0x7FFF'FFFF'FFFF'FFFF;

std::string_view family_name(const SocketAddress& address) {
  return address.ip.is_v4() ? "IP4" : "IP6";
}

// RFC 8839 section 4.2.1.2: the m- and c-lines name the default candidate.
void append_media_line(std::string& sdp, const OfferedMedia& media, std::string_view formats,
                       const AnswerParameters& parameters) {
  constexpr std::uint16_t kDiscardPort = 9;  // RFC 8840 section 4.1.1: no candidate yet.
  const SocketAddress chosen =
      parameters.candidates.udp.empty() ? SocketAddress{{}, kDiscardPort} : parameters.candidates.udp.front();
  append_line(sdp, {"m=", media.kind, " ", std::to_string(chosen.port), " ", media.protocol, " ", formats});
  append_line(sdp, {"c=IN ", family_name(chosen), " ", chosen.ip.to_string()});
}

void append_transport(std::string& sdp, const AnswerParameters& parameters) {
  append_ice_credentials(sdp, parameters.ice);
  append_line(sdp, {"a=fingerprint:sha-256 ", parameters.fingerprint});
  append_line(sdp, {"a=setup:", parameters.role == crypto::DtlsRole::client ? "active" : "passive"});
}

void append_codec(std::string& sdp, const Choice& choice) {
  const OfferedFormat& format = choice.format;
  const std::string type = std::to_string(format.payload_type);
  if (format.codec == VideoCodec::h264) {
    append_line(sdp, {"a=rtpmap:", type, " H264/90000"});
    append_line(sdp, {"a=fmtp:", type, format.level_asymmetry_allowed ? " level-asymmetry-allowed=1;" : " ",
                      "packetization-mode=1;profile-level-id=", choice.profile_level_id});
  } else {
    append_line(sdp, {"a=rtpmap:", type, " VP8/90000"});
  }
  if (format.nack) append_line(sdp, {"a=rtcp-fb:", type, " nack"});
  if (format.nack_pli) append_line(sdp, {"a=rtcp-fb:", type, " nack pli"});
  if (format.ccm_fir) append_line(sdp, {"a=rtcp-fb:", type, " ccm fir"});
  if (!format.rtx_payload_type) return;
  const std::string rtx = std::to_string(*format.rtx_payload_type);
  append_line(sdp, {"a=rtpmap:", rtx, " rtx/90000"});
  append_line(sdp, {"a=fmtp:", rtx, " apt=", type});
}

// msid is RFC 8830's way to name the track; the ssrc lines say the same to receivers that look there.
void append_sources(std::string& sdp, const AnswerParameters& parameters) {
  const std::string msid = parameters.stream_id + " " + parameters.track_id;
  append_line(sdp, {"a=msid:", msid});
  std::vector<std::string> sources = {std::to_string(parameters.ssrc)};
  if (parameters.choice.format.rtx_payload_type) {
    sources.push_back(std::to_string(parameters.rtx_ssrc));
    append_line(sdp, {"a=ssrc-group:FID ", sources[0], " ", sources[1]});
  }
  for (const std::string& source : sources) {
    append_line(sdp, {"a=ssrc:", source, " cname:", parameters.cname});
    append_line(sdp, {"a=ssrc:", source, " msid:", msid});
  }
}

void append_accepted(std::string& sdp, const Offer& offer, const AnswerParameters& parameters) {
  const OfferedMedia& media = offer.media[offer.video];
  const OfferedFormat& format = parameters.choice.format;
  std::string formats = std::to_string(format.payload_type);
  if (format.rtx_payload_type) formats += " " + std::to_string(*format.rtx_payload_type);
  append_media_line(sdp, media, formats, parameters);
  if (!media.mid.empty()) append_line(sdp, {"a=mid:", media.mid});
  append_line(sdp, {"a=sendonly"});
  append_line(sdp, {"a=rtcp-mux"});
  if (offer.rtcp_rsize) append_line(sdp, {"a=rtcp-rsize"});
  append_transport(sdp, parameters);
  append_codec(sdp, parameters.choice);
  if (offer.playout_delay_id) {
    append_line(sdp, {"a=extmap:", std::to_string(*offer.playout_delay_id),
                      offer.playout_delay_recvonly ? "/sendonly " : " ", kPlayoutDelayUri});
  }
  append_sources(sdp, parameters);
  append_candidates(sdp, parameters.candidates);
}

// RFC 8843 section 7.3: the first m-line of the bundle carries the transport; ours only rides on it.
void append_leader(std::string& sdp, const OfferedMedia& media, const AnswerParameters& parameters) {
  append_media_line(sdp, media, media.format, parameters);
  append_line(sdp, {"a=mid:", media.mid});
  append_line(sdp, {"a=inactive"});
  append_line(sdp, {"a=rtcp-mux"});
  append_transport(sdp, parameters);
  if (!media.rtpmap.empty()) append_line(sdp, {"a=rtpmap:", media.rtpmap});
  append_candidates(sdp, parameters.candidates);
}

// RFC 3264 section 6: port 0, and all the rest is only there to be well-formed.
void append_rejected(std::string& sdp, const OfferedMedia& media) {
  append_line(sdp, {"m=", media.kind, " 0 ", media.protocol, " ", media.format});
  append_line(sdp, {"c=IN IP4 0.0.0.0"});
  if (!media.mid.empty()) append_line(sdp, {"a=mid:", media.mid});
  append_line(sdp, {"a=inactive"});
}

}  // namespace

std::string write_answer(const Offer& offer, const AnswerParameters& parameters) {
  std::string sdp;
  append_line(sdp, {"v=0"});
  append_line(sdp, {"o=- ", std::to_string(parameters.session_id & kSessionIdMask), " 1 IN IP4 0.0.0.0"});
  append_line(sdp, {"s=-"});
  append_line(sdp, {"t=0 0"});
  if (offer.bundled) append_line(sdp, {"a=group:BUNDLE ", bundle(offer)});
  append_line(sdp, {"a=ice-lite"});
  append_line(sdp, {"a=ice-options:trickle ice2"});
  append_line(sdp, {"a=msid-semantic:WMS *"});
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    if (i == offer.video) {
      append_accepted(sdp, offer, parameters);
    } else if (i == offer.leader) {
      append_leader(sdp, offer.media[i], parameters);
    } else {
      append_rejected(sdp, offer.media[i]);
    }
  }
  return sdp;
}

}  // namespace porthole::rtc
