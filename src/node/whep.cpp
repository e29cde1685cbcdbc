#include "node/whep.hpp"

#include <array>
#include <utility>

#include "node/http_reply.hpp"
#include "node/ice_servers.hpp"

namespace porthole::node {
namespace {

constexpr std::string_view kSdp = "application/sdp";
constexpr std::string_view kFragment = "application/trickle-ice-sdpfrag";

// How long a client that was refused for lack of room is asked to wait.
constexpr const char* kRetryAfterSeconds = "10";

constexpr const char* kNoTls =
    "This server has no turn-tls: browsers take it only with a certificate of the operator's own "
    "(--tls-cert).";

struct Refusal {
  SessionError error;
  int status;
};
constexpr std::array<Refusal, 4> kRefusals{{{SessionError::unknown_broadcast, 404},
                                            {SessionError::too_many_viewers, 503},
                                            {SessionError::malformed_offer, 400},
                                            {SessionError::no_common_codec, 406}}};

HttpResponse refuse(const SessionFailure& failure) {
  int status = 500;
  for (const Refusal& refusal : kRefusals) {
    if (refusal.error == failure.error) status = refusal.status;
  }
  HttpResponse response = error_reply(status, failure.reason);
  if (status == 503) response.headers.emplace_back("Retry-After", kRetryAfterSeconds);
  return response;
}

// The value of `key` in a query string; our keys and values need no decoding.
std::string_view query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), pair.size() + 1));
    if (pair.size() > key.size() && pair.starts_with(key) && pair[key.size()] == '=') {
      return pair.substr(key.size() + 1);
    }
  }
  return {};
}

std::string location(std::string_view broadcast, std::string_view session) {
  return std::string(Whep::kPrefix) + std::string(broadcast) + "/" + std::string(session);
}

}  // namespace

const Whep::Verb Whep::kVerbs[] = {
    {"POST", &Whep::create, nullptr},
    {"OPTIONS", &Whep::options, &Whep::options},
    {"PATCH", nullptr, &Whep::patch},
    {"DELETE", nullptr, &Whep::remove},
};

HttpResponse Whep::handle(const HttpRequest& request, Instant now) {
  const std::string_view rest = std::string_view(request.path).substr(kPrefix.size());
  const std::size_t slash = rest.find('/');
  Call call{request, rest.substr(0, slash), {}, now};
  if (slash != std::string_view::npos) call.session = rest.substr(slash + 1);

  HttpResponse response = not_allowed(call.session.empty());
  for (const Verb& verb : kVerbs) {
    const Handler handler = call.session.empty() ? verb.endpoint : verb.session;
    if (verb.method == request.method && handler != nullptr) response = (this->*handler)(call);
  }
  // Players on other sites are welcome: a session gives away nothing but the video that it asked for.
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  response.headers.emplace_back("Access-Control-Expose-Headers", "Location, Link, ETag, Retry-After");
  return response;
}

HttpResponse Whep::not_allowed(bool endpoint) {
  HttpResponse response = error_reply(405, "This address does not know that method.");
  response.headers.emplace_back("Allow", endpoint ? "POST, OPTIONS" : "PATCH, DELETE, OPTIONS");
  return response;
}

HttpResponse Whep::create(const Call& call) {
  if (!has_content_type(call.request, kSdp)) {
    return error_reply(415, "Send the offer as Content-Type: application/sdp.");
  }
  const std::string_view path = query_value(call.request.query, "path");
  const auto rung = parse_rung(path);
  if (!path.empty() && !rung)
    return error_reply(400, "Unknown path: use direct, ice-tcp, turn-udp, turn-tcp or turn-tls.");
  if (rung == Rung::turn_tls && !has_certificate_) return error_reply(400, kNoTls);

  const auto session = sessions_.create(call.broadcast, call.request.body, call.request.via, call.now);
  if (!session) return refuse(session.error());

  HttpResponse response{201, {}, session->answer};
  response.headers.emplace_back("Content-Type", kSdp);
  response.headers.emplace_back("Location", location(call.broadcast, session->id));
  response.headers.emplace_back("ETag", session->etag);
  response.headers.emplace_back("Accept-Patch", kFragment);
  response.headers.emplace_back("Cache-Control", "no-store");
  const auto servers = ice_servers(authority_of(call.request), rung, session->credentials, has_certificate_);
  for (const IceServer& server : servers) {
    response.headers.emplace_back("Link", link_header(server));
  }
  return response;
}

HttpResponse Whep::options(const Call& call) {
  HttpResponse response{204, {}, {}};
  const bool endpoint = call.session.empty();
  response.headers.emplace_back("Access-Control-Allow-Methods",
                                endpoint ? "POST, OPTIONS" : "PATCH, DELETE, OPTIONS");
  response.headers.emplace_back("Access-Control-Allow-Headers", "Content-Type, Authorization, If-Match");
  response.headers.emplace_back("Access-Control-Max-Age", "86400");
  if (endpoint) response.headers.emplace_back("Accept-Post", kSdp);
  return response;
}

HttpResponse Whep::patch(const Call& call) {
  Viewer* viewer = sessions_.find(call.broadcast, call.session);
  if (viewer == nullptr) return error_reply(404, "This session does not exist or has ended.");
  if (!has_content_type(call.request, kFragment)) {
    return error_reply(415, "Send the fragment as Content-Type: application/trickle-ice-sdpfrag.");
  }
  const auto fragment = rtc::read_fragment(call.request.body);
  if (!fragment) return error_reply(400, rtc::describe(fragment.error()));

  // RFC 9725 section 4.3: the entity tag tells to which ICE session a fragment belongs; a restart, which
  // begins a new one, may say "*".
  const std::string_view if_match = call.request.header("If-Match");
  const bool restart = rtc::is_ice_restart(*fragment, viewer->remote_ice());
  if (if_match.empty()) return error_reply(428, "Send the session's ETag as If-Match.");
  if (if_match != viewer->etag() && !(restart && if_match == "*")) {
    return error_reply(412, "This ETag is not the session's: its ICE has been restarted since.");
  }
  // Candidates need no answer: an ICE-lite server learns them from the checks that it receives.
  if (!restart) return {204, {}, {}};

  const RestartedSession restarted = sessions_.restart(*viewer, fragment->ice, call.request.via);
  HttpResponse response{200, {}, restarted.fragment};
  response.headers.emplace_back("Content-Type", kFragment);
  response.headers.emplace_back("ETag", restarted.etag);
  return response;
}

HttpResponse Whep::remove(const Call& call) {
  Viewer* viewer = sessions_.find(call.broadcast, call.session);
  if (viewer == nullptr) return error_reply(404, "This session does not exist or has ended.");
  viewer->end(ViewerEnd::deleted);
  viewers_.wake(*viewer);
  return {200, {}, {}};
}

}  // namespace porthole::node
