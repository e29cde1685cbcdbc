#include "io/http_parser.hpp"

#include <algorithm>
#include <boost/beast/core/error.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/rfc7230.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "io/http_target.hpp"

namespace porthole::io {
namespace {

// Chunk extensions and trailers have no limit in Boost.
constexpr std::size_t kMaxAroundChunk = kMaxHttpHeader;
// RFC 9112 section 7.1: "0", CRLF, CRLF. Boost asserts that it is not asked twice about less than that, and a
// message in chunks never ends with less.
constexpr std::size_t kShortestLastChunk = 5;

namespace http = boost::beast::http;
using Parser = http::request_parser<http::string_body>;

std::string text_of(boost::beast::string_view text) {
  return {text.data(), text.size()};
}

int status_for(const boost::beast::error_code& error) {
  if (error == http::error::body_limit) return 413;
  if (error == http::error::header_limit) return 431;
  return 400;
}

HttpHeaders headers_of(const Parser::value_type& message) {
  HttpHeaders headers;
  for (const auto& field : message) {
    headers.emplace_back(text_of(field.name_string()), text_of(field.value()));
  }
  return headers;
}

}  // namespace

class HttpParser::State {
 public:
  void feed(Bytes bytes) { input_.append(as_text(bytes)); }

  Step next() {
    for (;;) {
      if (!parser_) start();
      if (parser_->is_done()) return Step::request;
      if (consumed_ == input_.size()) return wait_for_more();
      const std::size_t waiting = input_.size() - consumed_;
      if (may_be_cut_last_chunk(waiting)) return wait_for_more();
      boost::beast::error_code error;
      // Boost throws at a trailer's field of 64 KiB, so it is never shown that much.
      const std::size_t shown = is_in_chunks() ? std::min(waiting, kMaxAroundChunk) : waiting;
      const boost::asio::const_buffer rest(input_.data() + consumed_, shown);
      const std::size_t taken = parser_->put(rest, error);
      consumed_ += taken;
      if (!header_seen_) head_size_ += taken;
      if (error == http::error::need_more) return wait_for_more();
      if (error) return fail_with(status_for(error));
      if (parser_->is_header_done() && !header_seen_) {
        header_seen_ = true;
        // Boost counts the request line again or not, depending on how the bytes came.
        if (head_size_ > kMaxHttpHeader) return fail_with(431);
        if (!check_header()) return Step::failed;
        if (wants_continue()) return Step::continue_wanted;
      } else if (taken == 0 && !parser_->is_done()) {
        return wait_for_more();
      }
    }
  }

  Parsed take() {
    auto& message = parser_->get();
    Parsed parsed;
    parsed.keep_alive = parser_->keep_alive();
    parsed.http_1_0 = message.version() < 11;
    parsed.request.method = text_of(message.method_string());
    parsed.request.path = std::move(target_.path);
    parsed.request.query = std::move(target_.query);
    parsed.request.headers = headers_of(message);
    parsed.request.body = std::move(message.body());
    parser_.reset();
    return parsed;
  }

  Bytes rest() const { return as_bytes(input_).subspan(consumed_); }

  int failure() const { return failure_; }

  bool between_requests() const { return consumed_ == input_.size() && (!parser_ || !parser_->got_some()); }

 private:
  bool is_in_chunks() const { return header_seen_ && parser_->chunked(); }

  bool may_be_cut_last_chunk(std::size_t waiting) const {
    return is_in_chunks() && waiting < kShortestLastChunk && input_[consumed_] == '0';
  }

  void start() {
    parser_.emplace();
    parser_->header_limit(kMaxHttpHeader);
    parser_->body_limit(kMaxHttpBody);
    header_seen_ = false;
    head_size_ = 0;
  }

  Step wait_for_more() {
    if (consumed_ == input_.size()) {
      std::string().swap(
          input_);  // Most clients ask once, and stay: what their request took must not stay with them.
    } else {
      input_.erase(0, consumed_);
    }
    consumed_ = 0;
    if (input_.size() > kMaxAroundChunk) return fail_with(400);
    return Step::need_more;
  }

  bool check_header() {
    const auto& message = parser_->get();
    auto target = parse_target({message.target().data(), message.target().size()});
    // RFC 9112 section 3.2: exactly one Host field in HTTP/1.1.
    const bool host_fits = message.version() < 11 || message.count(http::field::host) == 1;
    if (!target || !host_fits) {
      fail_with(400);
      return false;
    }
    target_ = std::move(*target);
    return true;
  }

  bool wants_continue() const {
    return !parser_->is_done() && parser_->get().version() >= 11 &&
           boost::beast::iequals(parser_->get()[http::field::expect], "100-continue");
  }

  Step fail_with(int status) {
    failure_ = status;
    return Step::failed;
  }

  std::string input_;
  std::size_t consumed_ = 0;
  std::optional<Parser> parser_;
  HttpTarget target_;
  bool header_seen_ = false;
  std::size_t head_size_ = 0;
  int failure_ = 400;
};

HttpParser::HttpParser() : state_(std::make_unique<State>()) {}
HttpParser::~HttpParser() = default;

void HttpParser::feed(Bytes bytes) {
  state_->feed(bytes);
}

HttpParser::Step HttpParser::next() {
  return state_->next();
}

HttpParser::Parsed HttpParser::take() {
  return state_->take();
}

Bytes HttpParser::rest() const {
  return state_->rest();
}

int HttpParser::failure() const {
  return state_->failure();
}

bool HttpParser::between_requests() const {
  return state_->between_requests();
}

}  // namespace porthole::io
