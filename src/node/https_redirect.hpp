// Sends those who came in clear to HTTPS, where there is a certificate that their browsers trust
// (docs/decisions/0012).
#pragma once

#include <optional>

#include "base/http.hpp"

namespace porthole::node {

// Over TLS to us, or to a proxy that ended it and says so (X-Forwarded-Proto). Whoever writes that header
// itself gets in clear what it has asked for in clear.
bool came_encrypted(const HttpRequest& request);

// 308 to the same host, port, path and query. nullopt for what is answered in clear: requests from this
// machine, probes of /healthz, and the questions that browsers ask before they POST from another site's page,
// since they take no redirect for an answer.
std::optional<HttpResponse> redirect_to_https(const HttpRequest& request);

}  // namespace porthole::node
