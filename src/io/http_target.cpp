#include "io/http_target.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>

namespace porthole::io {
namespace {

std::optional<char> decode_octet(std::string_view digits) {
  std::uint8_t octet = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), octet, 16);
  if (digits.size() != 2 || error != std::errc{} || end != digits.data() + 2) return std::nullopt;
  if (octet < 0x20 || octet == 0x7f) return std::nullopt;
  return static_cast<char>(octet);
}

std::optional<std::string> percent_decode(std::string_view text) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      decoded += text[i];
      continue;
    }
    const auto octet = decode_octet(text.substr(i + 1, 2));
    if (!octet) return std::nullopt;
    decoded += *octet;
    i += 2;
  }
  return decoded;
}

// "http://host/path?query" as "/path?query". Only in that form may the path be missing, and means "/".
std::string origin_form(std::string_view target) {
  const std::size_t scheme = target.find("://");
  if (target.starts_with('/') || scheme == std::string_view::npos) return std::string(target);
  const std::string_view rest =
      target.substr(std::min(target.find_first_of("/?", scheme + 3), target.size()));
  return (rest.starts_with('/') ? "" : "/") + std::string(rest);
}

}  // namespace

std::optional<HttpTarget> parse_target(std::string_view text) {
  const std::string target = origin_form(text);
  if (!target.starts_with('/')) return std::nullopt;
  const std::size_t mark = std::min(target.find('?'), target.size());
  auto path = percent_decode(std::string_view(target).substr(0, mark));
  if (!path) return std::nullopt;
  return HttpTarget{std::move(*path), target.substr(std::min(mark + 1, target.size()))};
}

}  // namespace porthole::io
