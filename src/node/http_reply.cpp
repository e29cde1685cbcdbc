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

bool has_content_type(const HttpRequest& request, std::string_view type) {
  std::string_view value = request.header("Content-Type");
  value = value.substr(0, value.find(';'));
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  return equal_ignoring_case(value, type);
}

}  // namespace porthole::node
