// One HTTP request over a connection of its own, and its response, without waiting.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/address.hpp"
#include "base/result.hpp"
#include "load/poller.hpp"

namespace porthole::load {

struct HttpAnswer {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;

  // The first of that name, in whatever case; empty where there is none.
  std::string_view header(std::string_view name) const;
};

class HttpExchange final : private Pollable {
 public:
  // The error is a sentence. Called once, and may destroy the exchange.
  using Done = std::function<void(Result<HttpAnswer, std::string>)>;

  // Connects at once; `done` is never called from inside. Borrows the poller.
  HttpExchange(Poller& poller, const SocketAddress& server, std::string request, Done done);
  ~HttpExchange() override;
  HttpExchange(const HttpExchange&) = delete;
  HttpExchange& operator=(const HttpExchange&) = delete;

 private:
  class Parser;

  void handle_events(std::uint32_t events) override;
  void connect(const SocketAddress& server);
  void write();
  void read();
  void finish(Result<HttpAnswer, std::string> result);

  Poller& poller_;  // Borrowed: outlives this.

  // Owned.
  int fd_ = -1;
  std::unique_ptr<Parser> parser_;

  std::string unsent_;
  std::string refusal_;  // Why the connection could not even begin.
  Done done_;
};

// A request with what every one of them needs. An empty `body` means none.
std::string http_request(std::string_view method, std::string_view target, const SocketAddress& server,
                         std::string_view content_type, std::string_view body);

}  // namespace porthole::load
