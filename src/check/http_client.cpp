#include "check/http_client.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>

#include "check/beast_stream.hpp"

namespace porthole::check {
namespace {

namespace http = boost::beast::http;

http::request<http::string_body> to_request(const HttpAsk& ask) {
  http::request<http::string_body> request(http::string_to_verb(ask.method), ask.target, 11);
  request.set(http::field::host, ask.authority);
  request.set(http::field::user_agent, "porthole check");
  request.set(http::field::connection, "close");
  if (!ask.content_type.empty()) request.set(http::field::content_type, ask.content_type);
  request.body() = ask.body;
  request.prepare_payload();
  return request;
}

HttpAnswer to_answer(http::response<http::string_body> response) {
  HttpAnswer answer;
  answer.status = static_cast<int>(response.result_int());
  for (const auto& field : response) {
    answer.headers.emplace_back(std::string(field.name_string()), std::string(field.value()));
  }
  answer.body = std::move(response.body());
  return answer;
}

Result<HttpAnswer, Fault> exchange(BeastStream& stream, const HttpAsk& ask) {
  BeastStream::ErrorCode error;
  auto request = to_request(ask);
  http::write(stream, request, error);
  if (error) return fail(stream.fault());
  boost::beast::flat_buffer buffer;
  http::response_parser<http::string_body> parser;
  parser.header_limit(kMaxAnswerHeader);
  parser.body_limit(kMaxAnswerBody);
  http::read(stream, buffer, parser, error);
  // A server may close without TLS's goodbye: what is whole is whole.
  if (error && !parser.is_done()) return fail(stream.fault());
  return to_answer(parser.release());
}

}  // namespace

std::string_view HttpAnswer::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (boost::beast::iequals(boost::beast::string_view(key.data(), key.size()),
                              boost::beast::string_view(name.data(), name.size()))) {
      return value;
    }
  }
  return {};
}

Result<HttpAnswer, Fault> ask(const Endpoint& endpoint, const HttpAsk& ask, const Deadline& deadline) {
  const Instant begun = io::EventLoop::now();
  auto stream = Stream::open(endpoint, deadline);
  if (!stream) return fail(stream.error());
  const Instant connected = io::EventLoop::now();
  boost::asio::io_context context;
  BeastStream beast(**stream, context, deadline);
  auto answer = exchange(beast, ask);
  if (!answer) return answer;
  answer->certificate = (*stream)->certificate();
  answer->connect = connected - begun;
  answer->exchange = io::EventLoop::now() - connected;
  return answer;
}

}  // namespace porthole::check
