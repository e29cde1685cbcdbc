#include "node/status.hpp"

#include <nlohmann/json.hpp>

#include "node/http_reply.hpp"
#include "node/ice_servers.hpp"

namespace porthole::node {
namespace {

const char* state_name(BroadcastStatus::State state) {
  switch (state) {
    case BroadcastStatus::State::starting:
      return "starting";
    case BroadcastStatus::State::live:
      return "live";
    case BroadcastStatus::State::reconnecting:
      return "reconnecting";
  }
  return "";
}

std::string streams_json(const Broadcasts& broadcasts, const Audience& audience) {
  nlohmann::json array = nlohmann::json::array();
  for (const auto& [name, broadcast] : broadcasts) {
    array.push_back({{"name", name},
                     {"state", state_name(broadcast.status.state)},
                     {"detail", broadcast.status.detail},
                     {"viewers", audience.watching(name)}});
  }
  // A source's own words may be in any encoding; replace what is not UTF-8 rather than fail.
  return array.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

std::optional<HttpResponse> status_reply(const HttpRequest& request, const Broadcasts& broadcasts,
                                         const Audience& audience,
                                         const std::function<turn::Credentials()>& mint,
                                         bool has_certificate) {
  const bool health = request.path == "/healthz";
  const bool streams = request.path == "/api/v1/streams";
  if (!health && !streams && request.path != "/ice") return std::nullopt;
  if (health) return health_reply(request);
  if (auto refused = refuse_writing(request)) return refused;
  if (streams) return json_reply(200, streams_json(broadcasts, audience));
  return json_reply(200, to_json(ice_servers(authority_of(request), std::nullopt, mint(), has_certificate)));
}

}  // namespace porthole::node
