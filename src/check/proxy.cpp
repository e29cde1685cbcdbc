#include "check/proxy.hpp"

#include <array>

#include "check/printable.hpp"
#include "check/target.hpp"
#include "crypto/hmac.hpp"
#include "wire/sdp.hpp"

namespace porthole::check {
namespace {

constexpr std::uint16_t kDefaultPort = 1080;  // As curl has it.

std::string_view value_of(const Environment& environment, const char* name) {
  const char* const value = environment(name);
  return value == nullptr ? "" : value;
}

// "a.example, .b.example, *": a host, or whatever ends in it.
bool is_excepted(const std::string& host, std::string_view exceptions) {
  while (!exceptions.empty()) {
    std::string_view one = exceptions.substr(0, exceptions.find(','));
    exceptions.remove_prefix(std::min(exceptions.size(), one.size() + 1));
    while (one.starts_with(' ') || one.starts_with('.')) one.remove_prefix(1);
    while (one.ends_with(' ')) one.remove_suffix(1);
    if (one == "*" || one == host) return true;
    if (!one.empty() && host.ends_with("." + std::string(one))) return true;
  }
  return false;
}

// "http://user:password@HOST:PORT/"; without a scheme it is HTTP.
std::optional<Proxy> parse_proxy(std::string_view url) {
  const std::size_t scheme = url.find("://");
  if (scheme != std::string_view::npos && url.substr(0, scheme) != "http") return std::nullopt;
  if (scheme != std::string_view::npos) url.remove_prefix(scheme + 3);
  url = url.substr(0, url.find('/'));
  Proxy proxy;
  if (const std::size_t at = url.rfind('@'); at != std::string_view::npos) {
    proxy.login = crypto::base64(as_bytes(url.substr(0, at)));
    url.remove_prefix(at + 1);
  }
  const auto place = parse_host_port(url);
  if (!place) return std::nullopt;
  proxy.host = place->host;
  proxy.port = place->port.value_or(kDefaultPort);
  return proxy;
}

}  // namespace

std::string Proxy::name() const {
  return Target{false, host, port, {}}.authority();
}

Result<std::optional<Proxy>, std::string> find_proxy(const std::string& host,
                                                     const Environment& environment) {
  for (const char* name : {"NO_PROXY", "no_proxy"}) {
    if (is_excepted(host, value_of(environment, name))) return std::optional<Proxy>();
  }
  for (const char* name :
       {"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"}) {
    const std::string_view value = value_of(environment, name);
    if (value.empty()) continue;
    auto proxy = parse_proxy(value);
    if (!proxy) return fail(std::string(name) + " is set, but not as http://HOST:PORT, and so ignored.");
    proxy->variable = name;
    return proxy;
  }
  return std::optional<Proxy>();
}

std::string connect_request(const Proxy& proxy, const std::string& authority) {
  std::string request = "CONNECT " + authority + " HTTP/1.1\r\nHost: " + authority + "\r\n";
  if (!proxy.login.empty()) request += "Proxy-Authorization: Basic " + proxy.login + "\r\n";
  return request + "\r\n";
}

Result<void, Fault> read_connect_answer(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const auto words = sdp::words(line);
  const auto status = words.size() < 2 ? std::nullopt : sdp::number(words[1], 999);
  if (!status || !words[0].starts_with("HTTP/1.")) {
    return fail(Fault{Reason::proxy, "What should be the proxy speaks no HTTP.", true});
  }
  if (*status >= 200 && *status < 300) return {};
  const std::string said =
      "The proxy answers CONNECT with " + printable(line.substr(words[0].size() + 1)) + ".";
  return fail(Fault{Reason::proxy, *status == 407 ? said + " It wants a login." : said, true});
}

}  // namespace porthole::check
