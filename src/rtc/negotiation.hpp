// Offer and answer (RFC 3264, RFC 9429) for a viewer that receives one video track: read what a browser
// offers, choose a codec, write the answer.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/frame.hpp"
#include "base/result.hpp"
#include "crypto/dtls.hpp"

namespace porthole::rtc {

enum class OfferError : std::uint8_t {
  malformed,           // Not SDP, or beyond wire/sdp.hpp's limits.
  no_video,            // No video m-line that is in use.
  nothing_to_receive,  // Video, but sendonly or inactive.
  wrong_transport,     // Video, but not over DTLS-SRTP with feedback (RFC 5764).
  no_rtcp_mux,         // One port means one: RTCP must share it (RFC 5761).
  no_ice,              // Without, or with bad, ice-ufrag or ice-pwd.
  no_fingerprint,      // Without one that we accept: SHA-256 or stronger.
  no_common_codec,     // Neither H.264 with packetization-mode 1 nor VP8, or not what the broadcast has.
};

// A sentence for whoever wrote the offer. Static storage.
std::string_view describe(OfferError error);

// Equal to ice::Credentials in meaning; rtc/ and ice/ do not know each other.
struct IceCredentials {
  std::string ufrag;
  std::string pwd;
  bool operator==(const IceCredentials&) const = default;
};

// A payload type that the viewer can receive and we could send.
struct OfferedFormat {
  VideoCodec codec = VideoCodec::vp8;
  std::uint8_t payload_type = 0;
  std::optional<std::uint8_t> rtx_payload_type;  // RFC 4588.
  std::uint32_t profile_level_id = 0;            // H.264 only, 24 bits: RFC 6184 section 8.1.
  bool level_asymmetry_allowed = false;          // H.264 only.
  bool nack = false;
  bool nack_pli = false;
  bool ccm_fir = false;
};

// An m-line as far as the answer must repeat it.
struct OfferedMedia {
  std::string kind;      // "audio", "video", "application", …
  std::string protocol;  // "UDP/TLS/RTP/SAVPF", …
  std::string format;    // The first one: a rejected m-line must still name one.
  std::string mid;       // Empty when there is none.
  std::string rtpmap;    // Of that format: "111 opus/48000/2". Empty when there is none.
};

enum class DtlsSetup : std::uint8_t { actpass, active, passive };

struct Offer {
  IceCredentials ice;
  std::string fingerprint;  // "sha-256 AB:…", the strongest that was offered; see crypto::parse_fingerprint.
  DtlsSetup setup = DtlsSetup::actpass;
  std::vector<OfferedMedia> media;  // All of them, in order.

  // What follows is of the first video m-line that can receive.
  std::size_t video = 0;                         // Its index in `media`.
  std::vector<OfferedFormat> formats;            // In the viewer's order of preference; at least one.
  std::optional<std::uint8_t> playout_delay_id;  // RTP header extension id, 1 to 14.
  bool playout_delay_recvonly = false;           // Offered as "id/recvonly": the answer turns it around.
  bool rtcp_rsize = false;                       // RFC 5506.
  bool bundled = false;                          // In a BUNDLE group (RFC 9143).
  // The m-line of audio or other video that leads this one's BUNDLE group, if it is not itself the first. The
  // answer keeps it, inactive: under bundlePolicy max-bundle Chromium has no other transport.
  std::optional<std::size_t> leader;
};

[[nodiscard]] Result<Offer, OfferError> read_offer(std::string_view sdp);

struct Choice {
  OfferedFormat format;
  std::string profile_level_id;  // H.264 only: what the answer says, "42e01f".
};

// The first of `available`, the broadcast's codecs in order of preference, that the viewer offers. For H.264
// the profile decides among the payload types: the source's own, else the nearest that contains it, else the
// nearest at all. `profile_level_id` is the source's ("42e01f"); empty stands for constrained baseline.
[[nodiscard]] Result<Choice, OfferError> choose(const Offer& offer, std::span<const VideoCodec> available,
                                                std::string_view profile_level_id);

// Server (`a=setup:passive`) wherever the offer leaves it to us: media flows as early, and we choose the SRTP
// profile, where Chromium would take the slower one (docs/decisions/0007).
crypto::DtlsRole answer_role(const Offer& offer);

// Host candidates, each list best first.
struct Candidates {
  std::vector<SocketAddress> udp;
  std::vector<SocketAddress> tcp;  // Passive: whoever wants them connects (RFC 6544).
};

struct AnswerParameters {
  IceCredentials ice;
  std::string fingerprint;  // SHA-256, "AB:CD:…".
  crypto::DtlsRole role = crypto::DtlsRole::client;
  Candidates candidates;
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;  // Used when the choice has an RTX payload type.
  std::string cname;
  std::string stream_id;         // msid: the MediaStream's id in the browser,
  std::string track_id;          // and the track's.
  std::uint64_t session_id = 0;  // For the o= line: random, its highest bit is ignored.
  Choice choice;
};

// All strings in the parameters are ours and are not checked.
std::string write_answer(const Offer& offer, const AnswerParameters& parameters);

// A body of type application/trickle-ice-sdpfrag (RFC 8840), as a WHEP PATCH carries it. Candidates in it
// need no reading: an ICE-lite agent learns its peer's addresses from the checks.
struct IceFragment {
  IceCredentials ice;  // Empty strings when the fragment has none.
  bool end_of_candidates = false;
};

[[nodiscard]] Result<IceFragment, OfferError> read_fragment(std::string_view text);

// Credentials that are not the known ones ask for an ICE restart (RFC 8445 section 9).
bool is_ice_restart(const IceFragment& fragment, const IceCredentials& known);

// What answers a restart: our new credentials and the candidates again.
std::string write_fragment(const Offer& offer, const IceCredentials& ice, const Candidates& candidates);

}  // namespace porthole::rtc
