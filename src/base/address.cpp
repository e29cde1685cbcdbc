#include "base/address.hpp"

#include <algorithm>
#include <charconv>
#include <vector>

namespace porthole {
namespace {

// RFC 4291 section 2.5.5.2.
constexpr std::array<std::uint8_t, 12> kMappedPrefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

template <class Number>
std::optional<Number> parse_number(std::string_view text, int base, std::size_t max_digits) {
  if (text.empty() || text.size() > max_digits) return std::nullopt;
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

std::optional<std::array<std::uint8_t, 4>> parse_v4(std::string_view text) {
  std::array<std::uint8_t, 4> bytes{};
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t dot = text.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return std::nullopt;
    const std::string_view part = text.substr(0, dot);
    const auto number = parse_number<std::uint8_t>(part, 10, 3);
    // A leading zero reads as octal in some libraries, so such text means different hosts to different
    // readers.
    if (!number || (part.size() > 1 && part[0] == '0')) return std::nullopt;
    bytes[i] = *number;
    text.remove_prefix(i == 3 ? text.size() : dot + 1);
  }
  return bytes;
}

// The groups on one side of "::", or of the whole address. A dotted quad may stand at the very end only.
std::optional<std::vector<std::uint8_t>> parse_groups(std::string_view text, bool at_end) {
  std::vector<std::uint8_t> bytes;
  while (!text.empty()) {
    const std::size_t colon = text.find(':');
    const std::string_view part = text.substr(0, colon);
    if (part.find('.') != std::string_view::npos) {
      const auto quad = parse_v4(part);
      if (!quad || !at_end || colon != std::string_view::npos) return std::nullopt;
      bytes.insert(bytes.end(), quad->begin(), quad->end());
      return bytes;
    }
    const auto group = parse_number<std::uint16_t>(part, 16, 4);
    if (!group || bytes.size() >= 16) return std::nullopt;
    bytes.push_back(static_cast<std::uint8_t>(*group >> 8));
    bytes.push_back(static_cast<std::uint8_t>(*group));
    if (colon == std::string_view::npos) break;
    text.remove_prefix(colon + 1);
    if (text.empty()) return std::nullopt;
  }
  return bytes;
}

std::optional<std::array<std::uint8_t, 16>> parse_v6(std::string_view text) {
  const std::size_t gap = text.find("::");
  const auto head = parse_groups(text.substr(0, gap), gap == std::string_view::npos);
  if (!head) return std::nullopt;
  std::array<std::uint8_t, 16> bytes{};
  if (gap == std::string_view::npos) {
    if (head->size() != 16) return std::nullopt;
    std::copy(head->begin(), head->end(), bytes.begin());
    return bytes;
  }
  const auto tail = parse_groups(text.substr(gap + 2), true);
  if (!tail || head->size() + tail->size() > 14) return std::nullopt;
  std::copy(head->begin(), head->end(), bytes.begin());
  std::copy_backward(tail->begin(), tail->end(), bytes.end());
  return bytes;
}

struct ZeroRun {
  std::size_t start = 8;
  std::size_t length = 0;
};

// RFC 5952 section 4.2.3: the longest run of zero groups is shortened, the first of equals, never a single
// one.
ZeroRun longest_zero_run(Bytes bytes) {
  ZeroRun best;
  std::size_t i = 0;
  while (i < 8) {
    std::size_t end = i;
    while (end < 8 && load_u16(&bytes[end * 2]) == 0) ++end;
    if (end - i > best.length && end - i > 1) best = {i, end - i};
    i = end + 1;
  }
  return best;
}

std::string v6_text(Bytes bytes) {
  const ZeroRun run = longest_zero_run(bytes);
  std::string text;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == run.start) {
      text += "::";
      i += run.length - 1;
      continue;
    }
    if (!text.empty() && text.back() != ':') text += ':';
    std::array<char, 4> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), load_u16(&bytes[i * 2]), 16);
    text.append(digits.data(), end.ptr);
  }
  return text;
}

}  // namespace

IpAddress IpAddress::v4(std::uint32_t host_order) {
  IpAddress ip;
  store_u32(ip.bytes_.data(), host_order);
  return ip;
}

IpAddress IpAddress::v4(std::span<const std::uint8_t, 4> bytes) {
  return v4(load_u32(bytes.data()));
}

IpAddress IpAddress::v6(std::span<const std::uint8_t, 16> bytes) {
  IpAddress ip;
  ip.family_ = Family::ipv6;
  std::copy(bytes.begin(), bytes.end(), ip.bytes_.begin());
  return ip;
}

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.find(':') == std::string_view::npos) {
    const auto quad = parse_v4(text);
    return quad ? std::optional(v4(*quad)) : std::nullopt;
  }
  const auto bytes = parse_v6(text);
  return bytes ? std::optional(v6(*bytes)) : std::nullopt;
}

IpAddress IpAddress::with_zone(std::uint32_t zone) const {
  IpAddress ip = *this;
  ip.zone_ = !is_v4() && is_link_local() ? zone : 0;
  return ip;
}

bool IpAddress::is_unspecified() const {
  return std::ranges::all_of(bytes(), [](std::uint8_t byte) { return byte == 0; });
}

bool IpAddress::is_loopback() const {
  if (is_v4()) return bytes_[0] == 127;
  return std::all_of(bytes_.begin(), bytes_.end() - 1, [](std::uint8_t byte) { return byte == 0; }) &&
         bytes_[15] == 1;
}

bool IpAddress::is_link_local() const {
  if (is_v4()) return bytes_[0] == 169 && bytes_[1] == 254;
  return bytes_[0] == 0xfe && (bytes_[1] & 0xc0) == 0x80;
}

bool IpAddress::is_multicast() const {
  return is_v4() ? (bytes_[0] & 0xf0) == 0xe0 : bytes_[0] == 0xff;
}

bool IpAddress::is_private() const {
  if (!is_v4()) return (bytes_[0] & 0xfe) == 0xfc;
  return bytes_[0] == 10 || (bytes_[0] == 172 && (bytes_[1] & 0xf0) == 16) ||
         (bytes_[0] == 192 && bytes_[1] == 168);
}

IpAddress IpAddress::unmapped() const {
  if (is_v4() || !std::equal(kMappedPrefix.begin(), kMappedPrefix.end(), bytes_.begin())) return *this;
  return v4(load_u32(&bytes_[12]));
}

IpAddress IpAddress::customer() const {
  if (is_v4()) return *this;
  std::array<std::uint8_t, 16> prefix{};
  std::copy_n(bytes_.begin(), 8, prefix.begin());
  return v6(prefix);
}

std::string IpAddress::to_string() const {
  if (!is_v4()) return v6_text(bytes_);
  std::string text;
  for (const std::uint8_t byte : bytes()) {
    if (!text.empty()) text += '.';
    text += std::to_string(byte);
  }
  return text;
}

std::optional<SocketAddress> SocketAddress::parse(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto port = parse_number<std::uint16_t>(text.substr(colon + 1), 10, 5);
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  const auto ip = IpAddress::parse(host);
  if (!port || !ip || ip->is_v4() == bracketed) return std::nullopt;
  return SocketAddress{*ip, *port};
}

std::string SocketAddress::to_string() const {
  const std::string host = ip.to_string();
  return (ip.is_v4() ? host : "[" + host + "]") + ":" + std::to_string(port);
}

std::size_t hash_bytes(Bytes bytes, std::size_t seed) {
  return std::hash<std::string_view>{}(as_text(bytes)) ^ (seed * 0x9e3779b97f4a7c15U);
}

}  // namespace porthole
