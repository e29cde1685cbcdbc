// Who answers HTTP requests.
#pragma once

#include <functional>

#include "base/http.hpp"

namespace porthole::io {

// Takes effect once, on the loop's thread, at once or later; when the client is gone it does nothing.
using HttpReply = std::function<void(HttpResponse)>;

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;

  // Requests of one connection come one at a time: the next one waits for the reply. io/ adds Date, Server,
  // Content-Length and Connection, and leaves out the body where HTTP says so (HEAD, 204, 304).
  virtual void handle(HttpRequest request, HttpReply reply) = 0;
};

}  // namespace porthole::io
