#include "base/ip_network.hpp"

#include <algorithm>
#include <charconv>

namespace porthole {
namespace {

constexpr std::size_t kBitsOfByte = 8;

// Of byte number `index`, the bits that lie within the prefix.
std::uint8_t mask(std::size_t prefix, std::size_t index) {
  const std::size_t before = index * kBitsOfByte;
  if (prefix >= before + kBitsOfByte) return 0xff;
  if (prefix <= before) return 0;
  return static_cast<std::uint8_t>(0xff << (kBitsOfByte - (prefix - before)));
}

std::optional<std::size_t> parse_prefix(std::string_view text, std::size_t most) {
  std::size_t prefix = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
  if (error != std::errc{} || end != text.data() + text.size() || prefix > most) return std::nullopt;
  if (text.size() > 1 && text.front() == '0') return std::nullopt;
  return prefix;
}

}  // namespace

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto ip = IpAddress::parse(text.substr(0, slash));
  if (!ip) return std::nullopt;
  const std::size_t bits = ip->bytes().size() * kBitsOfByte;
  if (slash == std::string_view::npos) return IpNetwork{*ip, bits};
  const auto prefix = parse_prefix(text.substr(slash + 1), bits);
  return prefix ? std::optional(IpNetwork{*ip, *prefix}) : std::nullopt;
}

bool IpNetwork::contains(const IpAddress& address) const {
  if (address.family() != ip.family()) return false;
  const Bytes ours = ip.bytes();
  const Bytes theirs = address.bytes();
  for (std::size_t i = 0; i < ours.size(); ++i) {
    if (((ours[i] ^ theirs[i]) & mask(prefix, i)) != 0) return false;
  }
  return true;
}

IpAddress IpNetwork::first() const {
  std::array<std::uint8_t, 16> bytes{};
  std::ranges::copy(ip.bytes(), bytes.begin());
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] &= mask(prefix, i);
  return ip.is_v4() ? IpAddress::v4(load_u32(bytes.data())) : IpAddress::v6(bytes);
}

}  // namespace porthole
