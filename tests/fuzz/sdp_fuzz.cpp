// Session descriptions: what is read is bounded, and every offer that is accepted gets an answer that can be
// read.
#include <algorithm>
#include <array>
#include <string>

#include "fuzz/require.hpp"
#include "rtc/negotiation.hpp"
#include "wire/sdp.hpp"

namespace porthole::fuzz {
namespace {

constexpr std::array kCodecs{VideoCodec::h264, VideoCodec::vp8};

void check_session(std::string_view text, const sdp::Session& session) {
  require(text.size() <= sdp::kMaxSdpBytes, "descriptions are bounded");
  require(std::ranges::none_of(text, [](char c) { return c == 0 || c == 0x1b || c == 0x7f; }),
          "nothing that is accepted holds control characters");
  require(session.media.size() <= sdp::kMaxMedia, "m-lines are bounded");
  for (const sdp::Media& media : session.media) {
    require(media.formats.size() <= sdp::kMaxFormats, "formats are bounded");
    media.direction();
    media.extmap("urn:ietf:params:rtp-hdrext:sdes:mid");
    for (const std::string_view format : media.formats) {
      if (const auto map = media.rtpmap(format)) {
        require(map->payload_type <= 127, "a payload type has 7 bits");
        sdp::fmtp_parameter(media.fmtp(map->payload_type), "profile-level-id");
      }
    }
  }
}

rtc::AnswerParameters parameters(const rtc::Offer& offer, const rtc::Choice& choice) {
  rtc::AnswerParameters ours;
  ours.ice = {"abcd", "0123456789abcdef012345"};
  ours.fingerprint = "00:11";
  ours.role = rtc::answer_role(offer);
  const std::vector addresses = {SocketAddress::parse("192.0.2.1:8443").value()};
  ours.candidates = {.udp = addresses, .tcp = addresses};
  ours.ssrc = 1;
  ours.rtx_ssrc = 2;
  ours.cname = ours.stream_id = ours.track_id = "porthole";
  ours.choice = choice;
  return ours;
}

void check_answer(const rtc::Offer& offer, const std::string& answer) {
  const auto session = sdp::parse(answer);
  require(session.ok(), "our answer can be read");
  require(session->media.size() == offer.media.size(), "every m-line is answered");
  for (std::size_t i = 0; i < offer.media.size(); ++i) {
    require(session->media[i].kind == offer.media[i].kind, "m-lines keep their order");
    require(session->media[i].protocol == offer.media[i].protocol, "m-lines keep their protocol");
  }
  require(session->media[offer.video].direction() == sdp::Direction::sendonly, "the video is sent");
}

void check_offer(std::string_view text) {
  const auto offer = rtc::read_offer(text);
  if (!offer) return require(!rtc::describe(offer.error()).empty(), "a refusal has a reason");
  require(sdp::parse(text).ok(), "an offer that is accepted is SDP");
  require(offer->video < offer->media.size() && !offer->formats.empty(), "an accepted offer has video");
  const auto choice = rtc::choose(*offer, kCodecs, "42e01f");
  if (choice) check_answer(*offer, rtc::write_answer(*offer, parameters(*offer, *choice)));
  const auto fragment = rtc::write_fragment(*offer, {"abcd", "0123456789abcdef012345"}, {});
  require(sdp::parse_fragment(fragment).ok(), "our fragment can be read");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  const std::string_view text = as_text({data, size});
  if (const auto session = sdp::parse(text)) fuzz::check_session(text, *session);
  if (const auto fragment = sdp::parse_fragment(text)) fuzz::check_session(text, *fragment);
  if (const auto fragment = rtc::read_fragment(text)) rtc::is_ice_restart(*fragment, {"a", "b"});
  fuzz::check_offer(text);
  return 0;
}
