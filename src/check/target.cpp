#include "check/target.hpp"

#include <algorithm>

#include "base/address.hpp"
#include "check/printable.hpp"
#include "wire/sdp.hpp"

namespace porthole::check {
namespace {

constexpr std::uint16_t kHttp = 80;
constexpr std::uint16_t kHttps = 443;
constexpr std::uint16_t kPorthole = 8443;

bool is_name_character(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' ||
         c == '_';
}

bool is_name(std::string_view text, std::size_t longest) {
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, is_name_character);
}

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return made;
}

// The first word of a path; the second where the first one is WHEP's or WHIP's.
std::string_view stream_of(std::string_view path) {
  path = path.substr(0, path.find_first_of("?#"));
  for (const std::string_view prefix : {"/whep/", "/whip/"}) {
    if (path.starts_with(prefix)) path.remove_prefix(prefix.size() - 1);
  }
  path.remove_prefix(std::min<std::size_t>(path.size(), 1));
  return path.substr(0, path.find('/'));
}

struct Scheme {
  std::optional<bool> tls;
  std::string_view rest;
};

std::optional<Scheme> split_scheme(std::string_view url) {
  const std::size_t colon = url.find("://");
  if (colon == std::string_view::npos) return Scheme{std::nullopt, url};
  const std::string scheme = lower(url.substr(0, colon));
  if (scheme != "http" && scheme != "https") return std::nullopt;
  return Scheme{scheme == "https", url.substr(colon + 3)};
}

struct Guess {
  bool tls;
  std::uint16_t port;
};

// Over a port of Porthole's HTTP answers in clear or sends to HTTPS; over 443 it seldom does either.
std::vector<Guess> guesses(std::optional<bool> tls, std::optional<std::uint16_t> port) {
  if (tls) return {{*tls, port.value_or(*tls ? kHttps : kHttp)}};
  if (port == kHttps) return {{true, kHttps}, {false, kHttps}};
  if (port) return {{false, *port}, {true, *port}};
  return {{false, kPorthole}, {true, kPorthole}, {true, kHttps}, {false, kHttp}};
}

}  // namespace

std::string Target::authority() const {
  const bool is_v6 = host.find(':') != std::string::npos;
  return (is_v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

std::string Target::url() const {
  return std::string(tls ? "https://" : "http://") + authority() + "/" + stream;
}

std::optional<HostPort> parse_host_port(std::string_view text) {
  HostPort made;
  std::string_view port;
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) return std::nullopt;
    const auto ip = IpAddress::parse(text.substr(1, end - 1));
    if (!ip || ip->is_v4()) return std::nullopt;
    made.host = ip->to_string();
    port = text.substr(end + 1);
  } else {
    const std::string_view host = text.substr(0, text.find(':'));
    if (!is_name(host, kMaxHost)) return std::nullopt;
    made.host = lower(host);
    port = text.substr(host.size());
  }
  if (port.empty()) return made;
  const auto number = sdp::number(port.substr(1), 65'535);
  if (port[0] != ':' || !number || *number == 0) return std::nullopt;
  made.port = static_cast<std::uint16_t>(*number);
  return made;
}

Result<std::vector<Target>, std::string> parse_url(std::string_view url) {
  const auto wrong = [&url] {
    return fail(std::string("write the URL as http(s)://HOST[:PORT][/NAME], not ") + printable(url));
  };
  const auto scheme = split_scheme(url);
  if (!scheme) return wrong();
  const std::size_t path = std::min(scheme->rest.find_first_of("/?#"), scheme->rest.size());
  const auto place = parse_host_port(scheme->rest.substr(0, path));
  if (!place) return wrong();
  const std::string_view stream = stream_of(scheme->rest.substr(path));
  if (!stream.empty() && !is_name(stream, kMaxStreamName)) {
    return fail("no stream can be called " + printable(stream) + ": letters, digits, '-', '_' and '.'");
  }
  std::vector<Target> targets;
  for (const Guess& guess : guesses(scheme->tls, place->port)) {
    targets.push_back({guess.tls, place->host, guess.port, std::string(stream)});
  }
  return targets;
}

}  // namespace porthole::check
