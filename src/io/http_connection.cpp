#include "io/http_connection.hpp"

#include "io/event_loop.hpp"

namespace porthole::io {
namespace {

constexpr int kSwitchingProtocols = 101;  // RFC 9110 section 15.2.2.

}  // namespace

HttpConnection::HttpConnection(const FiveTuple& via, HttpHandler& handler, HttpTransport& transport,
                               const HttpTimeouts& timeouts)
    : via_(via), timeouts_(timeouts), handler_(handler), transport_(transport) {}

void HttpConnection::handle_bytes(Bytes bytes) {
  if (stage_ == Stage::done) return;
  parser_.feed(bytes);
  serve();
}

void HttpConnection::handle_end_of_input() {
  input_ended_ = true;
  serve();
}

void HttpConnection::handle_drained() {
  if (stage_ != Stage::draining) return;
  stage_ = Stage::reading;
  serve();
}

void HttpConnection::handle_timeout() {
  if (stage_ == Stage::replying) return refuse(503);
  if (stage_ == Stage::reading && request_begun_) return refuse(408);
  end();
}

void HttpConnection::abandon() {
  stage_ = Stage::done;
}

// Answers whole requests as long as there are any.
void HttpConnection::serve() {
  if (serving_) return;
  serving_ = true;
  while (stage_ == Stage::reading) {
    const HttpParser::Step step = parser_.next();
    if (step == HttpParser::Step::request) {
      ask_handler();
    } else if (step == HttpParser::Step::failed) {
      refuse(parser_.failure());
    } else if (step == HttpParser::Step::continue_wanted) {
      transport_.write("HTTP/1.1 100 Continue\r\n\r\n");
    } else {
      wait_for_bytes();
      break;
    }
  }
  serving_ = false;
}

void HttpConnection::wait_for_bytes() {
  if (input_ended_) return end();
  const bool begun = !parser_.between_requests();
  // Set once a request, not with every byte: see HttpTimeouts::request.
  if (!begun || !request_begun_) {
    transport_.set_deadline(EventLoop::now() + (begun ? timeouts_.request : timeouts_.idle));
  }
  request_begun_ = begun;
  transport_.want_bytes(true);
}

void HttpConnection::ask_handler() {
  HttpParser::Parsed parsed = parser_.take();
  parsed.request.via = via_;
  request_begun_ = false;
  context_ = {.head = parsed.request.method == "HEAD",
              .keep_alive = parsed.keep_alive,
              .http_1_0 = parsed.http_1_0,
              .date = {}};
  stage_ = Stage::replying;
  transport_.want_bytes(false);
  transport_.set_deadline(EventLoop::now() + timeouts_.reply);
  handler_.handle(std::move(parsed.request),
                  [weak = weak_from_this(), request = ++request_](const HttpResponse& response) {
                    if (const auto self = weak.lock()) self->reply(request, response);
                  });
}

void HttpConnection::reply(std::uint64_t request, const HttpResponse& response) {
  if (stage_ != Stage::replying || request != request_) return;
  send(response);
  if (response.status == kSwitchingProtocols) {
    stage_ = Stage::done;
    return transport_.upgrade(parser_.rest());
  }
  if (!context_.keep_alive) return end();
  // A client that pipelines requests and reads no answers would fill the queue: one answer at a time.
  if (transport_.queued() > 0) {
    stage_ = Stage::draining;
    transport_.set_deadline(EventLoop::now() + timeouts_.idle);
    return;
  }
  stage_ = Stage::reading;
  serve();
}

void HttpConnection::refuse(int status) {
  context_.keep_alive = false;
  // What was asked is unknown where the parser failed, and a body never hurts on a connection that ends.
  if (stage_ == Stage::reading) context_.head = false;
  send(plain_response(status));
  end();
}

void HttpConnection::send(const HttpResponse& response) {
  context_.date = EventLoop::wall_clock().time(EventLoop::now());
  transport_.write(write_response(response, context_));
}

void HttpConnection::end() {
  if (stage_ == Stage::done) return;
  stage_ = Stage::done;
  transport_.finish();
}

}  // namespace porthole::io
