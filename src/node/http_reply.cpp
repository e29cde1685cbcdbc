#include "node/http_reply.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace porthole::node {

HttpResponse json_reply(int status, std::string body) {
  HttpResponse response{status, {}, std::move(body)};
  response.headers.emplace_back("Content-Type", "application/json");
  response.headers.emplace_back("Cache-Control", "no-store");
  return response;
}

HttpResponse error_reply(int status, std::string_view reason) {
  return json_reply(status, nlohmann::json{{"error", reason}}.dump());
}

std::optional<HttpResponse> refuse_writing(const HttpRequest& request) {
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  HttpResponse response = error_reply(405, "Only GET and HEAD here.");
  response.headers.emplace_back("Allow", "GET, HEAD");
  return response;
}

HttpResponse health_reply(const HttpRequest& request) {
  const auto refused = refuse_writing(request);
  return refused ? *refused : json_reply(200, R"({"status":"ok"})");
}

bool has_content_type(const HttpRequest& request, std::string_view type) {
  std::string_view value = request.header("Content-Type");
  value = value.substr(0, value.find(';'));
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return equal_ignoring_case(value, type);
}

}  // namespace porthole::node
