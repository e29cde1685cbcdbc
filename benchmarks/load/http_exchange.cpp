#include "load/http_exchange.hpp"

#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <strings.h>
#include <array>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <cstring>

#include "io/socket_address.hpp"
#include "load/fatal.hpp"

namespace porthole::load {
namespace {

namespace http = boost::beast::http;

constexpr std::size_t kReadRoom = 32 * 1024;

std::string system_text(int code) {
  return std::strerror(code);
}

}  // namespace

// Cuts the response out of what arrives.
class HttpExchange::Parser {
 public:
  // False when it is no HTTP.
  bool feed(Bytes bytes) {
    buffer_.append(as_text(bytes));
    while (!buffer_.empty() && !parser_.is_done()) {
      boost::system::error_code error;
      const std::size_t used = parser_.put(boost::asio::buffer(buffer_), error);
      buffer_.erase(0, used);
      if (error == http::error::need_more) return true;
      if (error) return false;
      if (used == 0) return true;
    }
    return true;
  }
  void feed_end() {
    boost::system::error_code ignored;
    if (parser_.got_some() && !parser_.is_done()) parser_.put_eof(ignored);
  }
  bool done() const { return parser_.is_done(); }
  HttpAnswer take() {
    http::response<http::string_body> response = parser_.release();
    HttpAnswer answer;
    answer.status = static_cast<int>(response.result_int());
    for (const auto& field : response) {
      answer.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
    }
    answer.body = std::move(response.body());
    return answer;
  }

  Parser() { parser_.eager(true); }

 private:
  http::response_parser<http::string_body> parser_;
  std::string buffer_;
};

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (key.size() == name.size() && ::strncasecmp(key.data(), name.data(), name.size()) == 0) return value;
  }
  return {};
}

HttpExchange::HttpExchange(Poller& poller, const SocketAddress& server, std::string request, Done done)
    : poller_(poller),
      parser_(std::make_unique<Parser>()),
      unsent_(std::move(request)),
      done_(std::move(done)) {
  connect(server);
}

HttpExchange::~HttpExchange() {
  if (fd_ < 0) return;
  poller_.forget(fd_, *this);
  ::close(fd_);
}

void HttpExchange::connect(const SocketAddress& server) {
  const int family = server.ip.is_v4() ? AF_INET : AF_INET6;
  fd_ = ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  const io::KernelAddress address = io::to_kernel(server, server.ip.family());
  if (fd_ >= 0 && (::connect(fd_, address.get(), address.size) == 0 || errno == EINPROGRESS)) {
    return poller_.watch(fd_, EPOLLIN | EPOLLOUT, *this);
  }
  // Something that is ready at once tells it from the loop.
  refusal_ = "TCP to " + server.to_string() + ": " + system_text(errno);
  if (fd_ >= 0) ::close(fd_);
  fd_ = ::eventfd(1, EFD_NONBLOCK | EFD_CLOEXEC);
  if (fd_ < 0) fatal("eventfd");
  poller_.watch(fd_, EPOLLIN, *this);
}

void HttpExchange::handle_events(std::uint32_t events) {
  if (!refusal_.empty()) return finish(fail(refusal_));
  if ((events & EPOLLERR) != 0) {
    int code = 0;
    socklen_t size = sizeof code;
    ::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size);
    return finish(fail("HTTP: " + system_text(code)));
  }
  if ((events & EPOLLOUT) != 0 && !unsent_.empty()) write();
  if ((events & (EPOLLIN | EPOLLHUP)) != 0) read();
}

void HttpExchange::write() {
  const ssize_t sent = ::send(fd_, unsent_.data(), unsent_.size(), MSG_NOSIGNAL);
  if (sent > 0) unsent_.erase(0, static_cast<std::size_t>(sent));
  if (unsent_.empty()) poller_.change(fd_, EPOLLIN, *this);
}

void HttpExchange::read() {
  std::array<std::uint8_t, kReadRoom> room;
  const ssize_t count = ::recv(fd_, room.data(), room.size(), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return;
  if (count < 0) return finish(fail("HTTP: " + system_text(errno)));
  if (count == 0) parser_->feed_end();
  if (count > 0 && !parser_->feed(Bytes(room).first(static_cast<std::size_t>(count)))) {
    return finish(fail(std::string("The server does not speak HTTP.")));
  }
  if (parser_->done()) return finish(parser_->take());
  if (count == 0) finish(fail(std::string("The server closed the connection without an answer.")));
}

void HttpExchange::finish(Result<HttpAnswer, std::string> result) {
  poller_.forget(fd_, *this);
  ::close(fd_);
  fd_ = -1;
  const Done done = std::move(done_);
  done(std::move(result));
}

std::string http_request(std::string_view method, std::string_view target, const SocketAddress& server,
                         std::string_view content_type, std::string_view body) {
  std::string request;
  request.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: ").append(server.to_string());
  request.append("\r\nConnection: close\r\n");
  if (!body.empty()) request.append("Content-Type: ").append(content_type).append("\r\n");
  if (!body.empty() || method == "POST") {
    request.append("Content-Length: ").append(std::to_string(body.size())).append("\r\n");
  }
  return request.append("\r\n").append(body);
}

}  // namespace porthole::load
