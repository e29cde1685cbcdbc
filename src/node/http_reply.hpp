// Small HTTP answers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/http.hpp"

namespace porthole::node {

HttpResponse json_reply(int status, std::string body);

// {"error": reason}: programs and the page read it, and so can people.
HttpResponse error_reply(int status, std::string_view reason);

// Of /healthz.
HttpResponse health_reply(const HttpRequest& request);
// For a method other than GET and HEAD where there are no others; nullopt for those two.
std::optional<HttpResponse> refuse_writing(const HttpRequest& request);

// Parameters (";charset=…") do not matter, nor does case (RFC 9110 section 8.3.1).
bool has_content_type(const HttpRequest& request, std::string_view type);

}  // namespace porthole::node
