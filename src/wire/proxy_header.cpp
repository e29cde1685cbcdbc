#include "wire/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

namespace porthole::wire {
namespace {

using namespace std::string_view_literals;
using Parsed = Result<std::optional<ProxyHeader>, ProxyError>;

constexpr std::string_view kLinePrefix = "PROXY ";
constexpr std::string_view kLineEnd = "\r\n";

// The next word up to one space, which goes as well.
std::string_view take_word(std::string_view& line) {
  const std::string_view word = line.substr(0, line.find(' '));
  line.remove_prefix(std::min(line.size(), word.size() + 1));
  return word;
}

// Section 2.1: decimal, without leading zeros.
bool is_port(std::string_view text) {
  return !text.empty() && (text == "0" || text.front() != '0') &&
         SocketAddress::parse("0.0.0.0:" + std::string(text)).has_value();
}

std::optional<SocketAddress> parse_end(std::string_view ip_text, std::string_view port_text, Family family) {
  const auto ip = IpAddress::parse(ip_text);
  if (!ip || ip->family() != family || !is_port(port_text)) return std::nullopt;
  const auto port = SocketAddress::parse("0.0.0.0:" + std::string(port_text));
  return SocketAddress{ip->unmapped(), port->port};
}

// "TCP4 192.0.2.1 192.0.2.2 56324 443", behind "PROXY " and without its end.
Parsed parse_line(std::string_view line, std::size_t size) {
  const bool ends_in_space = line.ends_with(' ');
  const std::string_view protocol = take_word(line);
  // Section 2.1: whatever follows it is to be ignored.
  if (protocol == "UNKNOWN") return std::optional(ProxyHeader{size, std::nullopt});
  if ((protocol != "TCP4" && protocol != "TCP6") || ends_in_space) return fail(ProxyError::malformed);
  const Family family = protocol == "TCP4" ? Family::ipv4 : Family::ipv6;
  std::array<std::string_view, 4> words;
  for (std::string_view& word : words) word = take_word(line);
  const auto source = parse_end(words[0], words[2], family);
  const auto destination = parse_end(words[1], words[3], family);
  if (!line.empty() || !source || !destination) return fail(ProxyError::malformed);
  return std::optional(ProxyHeader{size, source});
}

Parsed parse_version_1(Bytes first_bytes) {
  const std::string_view text = as_text(first_bytes.first(std::min(first_bytes.size(), kMaxProxyLine)));
  const std::size_t end = text.find(kLineEnd);
  if (end == std::string_view::npos) {
    if (text.size() == kMaxProxyLine) return fail(ProxyError::malformed);
    return std::optional<ProxyHeader>();
  }
  return parse_line(text.substr(kLinePrefix.size(), end - kLinePrefix.size()), end + kLineEnd.size());
}

// Section 2.2, bytes 13 to 16.
constexpr std::size_t kVersionAt = 12;
constexpr std::size_t kFamilyAt = 13;
constexpr std::size_t kLengthAt = 14;
constexpr std::uint8_t kLocal = 0x20;  // Version 2 in the upper four bits.
constexpr std::uint8_t kProxy = 0x21;
constexpr std::uint8_t kTcp4 = 0x11;
constexpr std::uint8_t kTcp6 = 0x21;
constexpr std::uint8_t kLastFamily = 3;     // AF_UNIX.
constexpr std::uint8_t kLastTransport = 2;  // DGRAM.

std::optional<SocketAddress> binary_source(Bytes payload, Family family) {
  const std::size_t ip_size = family == Family::ipv4 ? 4 : 16;
  // Both addresses, then both ports.
  if (payload.size() < 2 * ip_size + 4) return std::nullopt;
  const std::uint16_t port = load_u16(&payload[2 * ip_size]);
  if (family == Family::ipv4) return SocketAddress{IpAddress::v4(payload.first<4>()), port};
  return SocketAddress{IpAddress::v6(payload.first<16>()).unmapped(), port};
}

Parsed parse_version_2(Bytes first_bytes) {
  if (first_bytes.size() < kProxyHeaderSize) return std::optional<ProxyHeader>();
  const std::uint8_t command = first_bytes[kVersionAt];
  const std::uint8_t family = first_bytes[kFamilyAt];
  const std::size_t length = load_u16(&first_bytes[kLengthAt]);
  const bool is_known = (command == kLocal || command == kProxy) && family >> 4 <= kLastFamily &&
                        (family & 15) <= kLastTransport;
  if (!is_known || length > kMaxProxyPayload) return fail(ProxyError::malformed);
  if (first_bytes.size() < kProxyHeaderSize + length) return std::optional<ProxyHeader>();
  ProxyHeader header{kProxyHeaderSize + length, std::nullopt};
  if (command == kLocal || (family != kTcp4 && family != kTcp6)) return std::optional(header);
  header.source = binary_source(first_bytes.subspan(kProxyHeaderSize, length),
                                family == kTcp4 ? Family::ipv4 : Family::ipv6);
  if (!header.source) return fail(ProxyError::malformed);
  return std::optional(header);
}

}  // namespace

Result<std::optional<ProxyHeader>, ProxyError> parse_proxy_header(Bytes first_bytes) {
  return as_text(first_bytes).starts_with(kLinePrefix) ? parse_version_1(first_bytes)
                                                       : parse_version_2(first_bytes);
}

}  // namespace porthole::wire
