#include "node/sessions.hpp"

#include <utility>

#include "node/labels.hpp"

namespace porthole::node {
namespace {

// RFC 8445 section 5.3 asks for at least 4 and 22 characters of 6 random bits. The ufrag alone finds the
// viewer, so it is longer, lest two be equal.
constexpr std::size_t kUfragLength = 8;
constexpr std::size_t kPwdLength = 24;

// A user of TURN's own, so that quotas are each one's own. Never the session's id: USERNAME travels in clear.
constexpr std::size_t kUserNameLength = 12;

// 132 bits: whoever guesses a session's id may end it.
constexpr std::size_t kSessionIdLength = 22;

SessionFailure refusal(rtc::OfferError error) {
  const bool codec = error == rtc::OfferError::no_common_codec;
  return {codec ? SessionError::no_common_codec : SessionError::malformed_offer, rtc::describe(error)};
}

rtc::SendStream::Config stream_config(const rtc::Offer& offer, const rtc::OfferedFormat& format,
                                      Random& random) {
  rtc::SendStream::Config config;
  config.ssrc = random.u32();
  do config.rtx_ssrc = random.u32();
  while (config.rtx_ssrc == config.ssrc);
  config.payload_type = format.payload_type;
  config.rtx_payload_type = format.rtx_payload_type;
  config.playout_delay_id = offer.playout_delay_id;
  config.cname = random.token(16);
  return config;
}

rtc::AnswerParameters answer_parameters(const rtc::SendStream::Config& stream, const rtc::Choice& choice,
                                        std::string_view broadcast) {
  rtc::AnswerParameters answer;
  answer.ssrc = stream.ssrc;
  answer.rtx_ssrc = stream.rtx_ssrc;
  answer.cname = stream.cname;
  answer.stream_id = broadcast;
  answer.track_id = "video";
  answer.choice = choice;
  return answer;
}

}  // namespace

Sessions::Sessions(const NodeOptions& options, Broadcasts& broadcasts, Viewers& viewers,
                   Neighbours& neighbours, crypto::DtlsFactory& dtls, TurnFront& turn, Random& random)
    : options_(options),
      broadcasts_(broadcasts),
      viewers_(viewers),
      neighbours_(neighbours),
      dtls_(dtls),
      turn_(turn),
      random_(random) {}

Result<NewSession, SessionFailure> Sessions::create(std::string_view name, std::string_view sdp,
                                                    const FiveTuple& via, Instant now) {
  const auto found = broadcasts_.find(name);
  if (found == broadcasts_.end()) {
    return fail(SessionFailure{SessionError::unknown_broadcast, "This stream does not exist."});
  }
  Broadcast& broadcast = found->second;
  auto seat = options_.audience->admit();
  if (!seat) return fail(SessionFailure{SessionError::too_many_viewers, "Too many viewers at the moment."});

  auto offer = rtc::read_offer(sdp);
  if (!offer) return fail(refusal(offer.error()));
  const auto choice = rtc::choose(*offer, kCodecs, broadcast.profile_level_id());
  if (!choice) return fail(refusal(choice.error()));
  const crypto::DtlsRole role = rtc::answer_role(*offer);
  auto dtls = dtls_.make({role, offer->fingerprint});
  if (dtls == nullptr) return fail(refusal(rtc::OfferError::no_fingerprint));

  const rtc::IceCredentials ice = new_ice();
  const auto stream = stream_config(*offer, choice->format, random_);
  rtc::AnswerParameters parameters = answer_parameters(stream, *choice, name);
  parameters.ice = ice;
  parameters.fingerprint = dtls_.fingerprint();
  parameters.role = role;
  parameters.candidates = candidates(options_, via);
  parameters.session_id = random_.u64();

  NewSession session;
  session.id = neighbours_.name(random_.url_token(kSessionIdLength));
  session.answer = rtc::write_answer(*offer, parameters);
  session.credentials = mint(now);

  Viewer& viewer = viewers_.add({viewers_.next_id(), session.id, broadcast, std::move(*offer),
                                 choice->format.codec, ice, std::move(dtls), stream, std::move(*seat)},
                                random_, now);
  broadcast.rendition(viewer.codec()).expect();
  session.etag = viewer.etag();
  return session;
}

Viewer* Sessions::find(std::string_view broadcast, std::string_view id) {
  Viewer* viewer = viewers_.by_session(id);
  if (viewer == nullptr || viewer->ended() || viewer->broadcast().name() != broadcast) return nullptr;
  return viewer;
}

RestartedSession Sessions::restart(Viewer& viewer, const rtc::IceCredentials& remote, const FiveTuple& via) {
  const rtc::IceCredentials ice = new_ice();
  viewer.restart_ice(ice, remote);
  neighbours_.note_end(viewers_.update_ufrags(viewer));
  return {viewer.etag(), rtc::write_fragment(viewer.offer(), ice, candidates(options_, via))};
}

turn::Credentials Sessions::mint(Instant now) {
  turn::Credentials minted = turn_.mint(random_.url_token(kUserNameLength), kCredentialLifetime, now);
  neighbours_.send_to_all(UserMinted{minted.username});
  return minted;
}

rtc::IceCredentials Sessions::new_ice() {
  return {neighbours_.name(random_.token(kUfragLength)), random_.token(kPwdLength)};
}

}  // namespace porthole::node
