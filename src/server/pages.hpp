// The pages for people: the list of streams, the viewer page, and what these load.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "base/http.hpp"

namespace porthole::server {

// The answer to a GET or HEAD for a page or a file; 404 and 405 included. `is_stream` tells whether a stream
// of that name exists.
HttpResponse page_reply(const HttpRequest& request, const std::function<bool(std::string_view)>& is_stream);

}  // namespace porthole::server
