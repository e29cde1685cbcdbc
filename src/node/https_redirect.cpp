#include "node/https_redirect.hpp"

#include <string>

#include "node/ice_servers.hpp"

namespace porthole::node {
namespace {

// RFC 3986 section 3.3: what stands in a path as it is; the slash apart, which the caller keeps.
constexpr std::string_view kPathMarks = "/-._~!$&'()*+,;=:@";

bool is_alphanumeric(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

void append_encoded(std::string& text, char c) {
  static constexpr std::string_view kDigits = "0123456789ABCDEF";
  const auto byte = static_cast<std::uint8_t>(c);
  text += '%';
  text += kDigits[byte >> 4];
  text += kDigits[byte & 15];
}

std::string encoded_path(std::string_view path) {
  std::string text;
  for (const char c : path) {
    if (is_alphanumeric(c) || kPathMarks.find(c) != std::string_view::npos) {
      text += c;
    } else {
      append_encoded(text, c);
    }
  }
  return text;
}

// It is encoded already; but nothing that is no part of a URL goes into a header.
std::string encoded_query(std::string_view query) {
  std::string text;
  for (const char c : query) {
    if (c > ' ' && c <= '~') {
      text += c;
    } else {
      append_encoded(text, c);
    }
  }
  return text;
}

}  // namespace

bool came_encrypted(const HttpRequest& request) {
  if (request.via.transport == Transport::tls) return true;
  const std::string_view said = request.header("X-Forwarded-Proto");
  return equal_ignoring_case(said.substr(0, said.find(',')), "https");
}

std::optional<HttpResponse> redirect_to_https(const HttpRequest& request) {
  const bool in_clear = request.path == "/healthz" || request.method == "OPTIONS";
  if (in_clear || came_encrypted(request) || request.via.remote.ip.is_loopback()) return std::nullopt;
  std::string url = "https://" + authority_of(request) + encoded_path(request.path);
  if (!request.query.empty()) url += "?" + encoded_query(request.query);
  HttpResponse response{308, {}, "This server is reached by HTTPS: " + url + "\n"};
  response.headers.emplace_back("Content-Type", "text/plain; charset=utf-8");
  response.headers.emplace_back("Location", url);
  // Permanent for the client's request, not for its cache: the certificate may go again.
  response.headers.emplace_back("Cache-Control", "no-store");
  // Players on other sites may follow.
  response.headers.emplace_back("Access-Control-Allow-Origin", "*");
  return response;
}

}  // namespace porthole::node
