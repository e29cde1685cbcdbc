// What operators and pages ask for: /healthz, /api/v1/streams and /ice.
#pragma once

#include <functional>
#include <optional>

#include "base/http.hpp"
#include "node/audience.hpp"
#include "node/broadcast.hpp"
#include "turn/credentials.hpp"

namespace porthole::node {

// nullopt for other paths. `mint` makes the credentials that /ice gives.
std::optional<HttpResponse> status_reply(const HttpRequest& request, const Broadcasts& broadcasts,
                                         const Audience& audience,
                                         const std::function<turn::Credentials()>& mint,
                                         bool has_certificate);

}  // namespace porthole::node
