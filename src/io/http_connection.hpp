// One client's HTTP/1.1 connection: requests in order, one at a time, each within its time.
#pragma once

#include <memory>
#include <string_view>

#include "base/time.hpp"
#include "io/http_handler.hpp"
#include "io/http_parser.hpp"
#include "io/http_response.hpp"
#include "io/tcp_port.hpp"

namespace porthole::io {

// The transport below it.
class HttpTransport {
 public:
  virtual ~HttpTransport() = default;

  virtual void write(std::string_view bytes) = 0;
  // Bytes written that are still waiting for the client.
  virtual std::size_t queued() const = 0;
  // Whether handle_bytes() may be called; it may until it is told otherwise.
  virtual void want_bytes(bool wanted) = 0;
  virtual void set_deadline(Instant deadline) = 0;
  // Nothing more will be written: sends what is queued and closes. May be followed by other calls, which
  // then have no effect.
  virtual void finish() = 0;
  // The connection speaks something else from now on; `rest` has come already. May be followed by other
  // calls, as finish().
  virtual void upgrade(Bytes rest) = 0;
};

class HttpConnection : public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(const FiveTuple& via, HttpHandler& handler, HttpTransport& transport,
                 const HttpTimeouts& timeouts);

  void handle_bytes(Bytes bytes);
  // The client will send no more: what it has asked is still answered.
  void handle_end_of_input();
  // Everything queued has gone.
  void handle_drained();
  // The deadline has come.
  void handle_timeout();
  // The transport is gone; replies that come now do nothing.
  void abandon();

 private:
  enum class Stage : std::uint8_t { reading, replying, draining, done };

  void serve();
  void wait_for_bytes();
  void ask_handler();
  void reply(std::uint64_t request, const HttpResponse& response);
  void refuse(int status);
  void send(const HttpResponse& response);
  void end();

  // Constant after construction.
  FiveTuple via_;
  HttpTimeouts timeouts_;
  // Borrowed: outlive this, the transport only until abandon().
  HttpHandler& handler_;
  HttpTransport& transport_;

  HttpParser parser_;
  Stage stage_ = Stage::reading;
  bool serving_ = false;  // serve() is on the stack: a handler that replies at once must not recurse.
  bool input_ended_ = false;
  bool request_begun_ = false;
  std::uint64_t request_ = 0;  // Counts requests: a second reply to one must not answer the next.
  ResponseContext context_;    // For the request that is being answered.
};

}  // namespace porthole::io
