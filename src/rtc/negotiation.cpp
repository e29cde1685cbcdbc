#include "rtc/negotiation.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "rtc/negotiation_h264.hpp"
#include "rtc/negotiation_ice.hpp"
#include "wire/sdp.hpp"

namespace porthole::rtc {
namespace {

// Echoed in every answer, so it gets a bound of its own. RFC 8843 section 16 uses it in packets of 16 bytes.
constexpr std::size_t kMaxMid = 32;

// RFC 8285 section 4.2: 15 is reserved in the one-byte form, which is what send streams write.
constexpr std::uint16_t kMaxExtensionId = 14;

constexpr std::uint32_t kVideoClock = 90'000;

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// RFC 8843 section 6: in a bundle, port 0 can mean that the m-line is there for the bundle only.
bool in_use(const sdp::Media& media) {
  return media.port != 0 || media.find("bundle-only");
}

bool is_dtls_srtp(std::string_view protocol) {
  return protocol == "UDP/TLS/RTP/SAVPF" || protocol == "TCP/TLS/RTP/SAVPF";
}

bool receives(const sdp::Session& session, const sdp::Media& media) {
  sdp::Direction direction = sdp::Direction::sendrecv;
  for (const sdp::Attribute& attribute : session.attributes) {
    if (attribute.name == "recvonly") direction = sdp::Direction::recvonly;
    if (attribute.name == "sendonly") direction = sdp::Direction::sendonly;
    if (attribute.name == "inactive") direction = sdp::Direction::inactive;
  }
  direction = media.direction().value_or(direction);
  return direction == sdp::Direction::recvonly || direction == sdp::Direction::sendrecv;
}

// The first video m-line that we can serve, or what is wrong with the best of them.
Result<std::size_t, OfferError> find_video(const sdp::Session& session) {
  OfferError error = OfferError::no_video;
  for (std::size_t i = 0; i < session.media.size(); ++i) {
    const sdp::Media& media = session.media[i];
    if (media.kind != "video" || !in_use(media)) continue;
    if (!is_dtls_srtp(media.protocol)) {
      error = OfferError::wrong_transport;
    } else if (!receives(session, media)) {
      error = OfferError::nothing_to_receive;
    } else {
      return i;
    }
  }
  return fail(error);
}

// The m-line whose transport our m-line shares: the first of its BUNDLE group, which is where a bundle-only
// m-line's ICE and DTLS attributes are (RFC 8843 section 7.1.3). Null when it is in no group.
const sdp::Media* bundle_leader(const sdp::Session& session, std::string_view mid) {
  for (const sdp::Attribute& attribute : session.attributes) {
    if (attribute.name != "group") continue;
    const std::vector<std::string_view> fields = sdp::words(attribute.value);
    if (fields.size() < 2 || fields[0] != "BUNDLE" || std::ranges::find(fields, mid) == fields.end())
      continue;
    for (const sdp::Media& media : session.media) {
      if (media.find("mid") == fields[1]) return &media;
    }
  }
  return nullptr;
}

// The places where an attribute of the transport may stand, nearest first.
struct TransportScope {
  std::array<const sdp::Attributes*, 3> places{};

  std::optional<std::string_view> find(std::string_view name) const {
    for (const sdp::Attributes* place : places) {
      if (place == nullptr) continue;
      if (const auto value = sdp::find(*place, name)) return value;
    }
    return std::nullopt;
  }

  // RFC 8122 section 5: of several hashes of a certificate, the strongest counts.
  std::string strongest_fingerprint() const {
    for (const sdp::Attributes* place : places) {
      std::string_view best;
      std::size_t best_size = 0;
      if (place == nullptr) continue;
      for (const sdp::Attribute& attribute : *place) {
        const auto parsed =
            attribute.name == "fingerprint" ? crypto::parse_fingerprint(attribute.value) : std::nullopt;
        if (!parsed || parsed->size <= best_size) continue;
        best = attribute.value;
        best_size = parsed->size;
      }
      if (!best.empty()) return std::string(best);
    }
    return {};
  }
};

std::optional<DtlsSetup> read_setup(const TransportScope& scope) {
  const std::string_view setup = scope.find("setup").value_or("actpass");
  if (setup == "actpass") return DtlsSetup::actpass;
  if (setup == "active") return DtlsSetup::active;
  if (setup == "passive") return DtlsSetup::passive;
  return std::nullopt;
}

std::optional<OfferError> read_transport(const TransportScope& scope, Offer& offer) {
  offer.ice = {std::string(scope.find("ice-ufrag").value_or("")),
               std::string(scope.find("ice-pwd").value_or(""))};
  if (!are_ice_credentials(offer.ice)) return OfferError::no_ice;
  offer.fingerprint = scope.strongest_fingerprint();
  if (offer.fingerprint.empty()) return OfferError::no_fingerprint;
  const auto setup = read_setup(scope);
  if (!setup) return OfferError::malformed;
  offer.setup = *setup;
  return std::nullopt;
}

std::optional<std::uint8_t> find_rtx(const sdp::Media& media, std::string_view payload_type) {
  for (const std::string_view format : media.formats) {
    const auto map = media.rtpmap(format);
    if (!map || !equal_without_case(map->encoding, "rtx") || map->clock_rate != kVideoClock) continue;
    if (sdp::fmtp_parameter(media.fmtp(map->payload_type), "apt") == payload_type) return map->payload_type;
  }
  return std::nullopt;
}

// nullopt for what we cannot send.
std::optional<OfferedFormat> read_format(const sdp::Media& media, std::string_view text) {
  const auto map = media.rtpmap(text);
  if (!map || map->clock_rate != kVideoClock) return std::nullopt;
  OfferedFormat format;
  format.payload_type = map->payload_type;
  if (equal_without_case(map->encoding, "H264")) {
    format.codec = VideoCodec::h264;
    if (!read_h264_parameters(media.fmtp(map->payload_type), format)) return std::nullopt;
  } else if (!equal_without_case(map->encoding, "VP8")) {
    return std::nullopt;
  }
  format.rtx_payload_type = find_rtx(media, text);
  format.nack = media.has_feedback(map->payload_type, "nack");
  format.nack_pli = media.has_feedback(map->payload_type, "nack pli");
  format.ccm_fir = media.has_feedback(map->payload_type, "ccm fir");
  return format;
}

void read_playout_delay(const sdp::Media& media, Offer& offer) {
  const auto extension = media.extmap(kPlayoutDelayUri);
  if (!extension || extension->id == 0 || extension->id > kMaxExtensionId) return;
  const sdp::Direction direction = extension->direction.value_or(sdp::Direction::sendrecv);
  if (direction != sdp::Direction::sendrecv && direction != sdp::Direction::recvonly) return;
  offer.playout_delay_id = static_cast<std::uint8_t>(extension->id);
  offer.playout_delay_recvonly = direction == sdp::Direction::recvonly;
}

// Every m-line comes back in the answer, with its mid.
std::optional<OfferError> read_media(const sdp::Session& session, Offer& offer) {
  for (const sdp::Media& media : session.media) {
    const std::string_view mid = media.find("mid").value_or("");
    if (!mid.empty() && !sdp::is_token(mid, kMaxMid)) return OfferError::malformed;
    OfferedMedia& offered = offer.media.emplace_back();
    offered.kind = media.kind;
    offered.protocol = media.protocol;
    offered.format = media.formats[0];
    offered.mid = mid;
    const auto map = std::ranges::find_if(media.attributes, [&offered](const sdp::Attribute& attribute) {
      return attribute.name == "rtpmap" && attribute.value.starts_with(offered.format + " ");
    });
    if (map != media.attributes.end()) offered.rtpmap = map->value;
  }
  return std::nullopt;
}

}  // namespace

std::string_view describe(OfferError error) {
  static constexpr std::array<std::string_view, 8> kTexts = {
      "The body is not a session description (SDP, RFC 8866).",
      "The offer has no video. Add a video transceiver that can receive.",
      "The offer has nothing to receive. Make its video recvonly.",
      "The offer's video is not over DTLS-SRTP (UDP/TLS/RTP/SAVPF).",
      "The offer's video lacks a=rtcp-mux, and everything here goes through one port.",
      "The offer's video lacks a proper ice-ufrag or ice-pwd.",
      "The offer's video lacks a certificate fingerprint of SHA-256 or stronger.",
      "The offer has no codec that this stream can be sent in: H.264 with packetization-mode=1, or VP8.",
  };
  return kTexts[static_cast<std::size_t>(error)];
}

Result<Offer, OfferError> read_offer(std::string_view text) {
  const auto session = sdp::parse(text);
  if (!session) return fail(OfferError::malformed);
  const auto video = find_video(*session);
  if (!video) return fail(video.error());
  const sdp::Media& media = session->media[*video];

  Offer offer;
  offer.video = *video;
  if (const auto error = read_media(*session, offer)) return fail(*error);
  if (!media.find("rtcp-mux")) return fail(OfferError::no_rtcp_mux);
  const std::string& mid = offer.media[offer.video].mid;
  const sdp::Media* const leader = mid.empty() ? nullptr : bundle_leader(*session, mid);
  offer.bundled = leader != nullptr;
  if (offer.bundled && leader != &media && in_use(*leader) && is_dtls_srtp(leader->protocol)) {
    offer.leader = static_cast<std::size_t>(leader - session->media.data());
  }
  const TransportScope scope{
      {&media.attributes, &session->attributes, leader == nullptr ? nullptr : &leader->attributes}};
  if (const auto error = read_transport(scope, offer)) return fail(*error);

  for (const std::string_view format : media.formats) {
    if (const auto offered = read_format(media, format)) offer.formats.push_back(*offered);
  }
  if (offer.formats.empty()) return fail(OfferError::no_common_codec);
  offer.rtcp_rsize = media.find("rtcp-rsize").has_value();
  read_playout_delay(media, offer);
  return offer;
}

Result<Choice, OfferError> choose(const Offer& offer, std::span<const VideoCodec> available,
                                  std::string_view profile_level_id) {
  for (const VideoCodec codec : available) {
    if (codec == VideoCodec::h264) {
      if (const auto choice = choose_h264(offer.formats, profile_level_id)) return *choice;
      continue;
    }
    const auto format = std::ranges::find(offer.formats, codec, &OfferedFormat::codec);
    if (format != offer.formats.end()) return Choice{.format = *format, .profile_level_id = {}};
  }
  return fail(OfferError::no_common_codec);
}

crypto::DtlsRole answer_role(const Offer& offer) {
  return offer.setup == DtlsSetup::passive ? crypto::DtlsRole::client : crypto::DtlsRole::server;
}

}  // namespace porthole::rtc
