// Small HTTP answers.
#pragma once

#include <string>
#include <string_view>

#include "base/http.hpp"

namespace porthole::node {

HttpResponse json_reply(int status, std::string body);

// {"error": reason}: programs and the page read it, and so can people.
HttpResponse error_reply(int status, std::string_view reason);

// Parameters (";charset=…") do not matter, nor does case (RFC 9110 section 8.3.1).
bool has_content_type(const HttpRequest& request, std::string_view type);

}  // namespace porthole::node
