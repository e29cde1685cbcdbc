#include "wire/proxy_header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace porthole::wire {
namespace {

using namespace std::string_literals;

const std::string kSignature = "\r\n\r\n\0\r\nQUIT\n"s;
const std::string kV4 =
    "\xc0\x00\x02\x01\xcb\x00\x71\x05\xdc\x04\x01\xbb"s;  // 192.0.2.1:56324, 203.0.113.5:443

std::string version_2(char command, char family, const std::string& payload) {
  std::string header = kSignature + command + family;
  header += static_cast<char>(payload.size() >> 8);
  header += static_cast<char>(payload.size());
  return header + payload;
}

std::string v6_payload(const char* source) {
  const auto ip = *IpAddress::parse(source);
  return std::string(as_text(ip.bytes())) + std::string(16, '\1') + "\xdc\x04\x01\xbb";
}

// "none": real addresses hold; "more": not whole yet; "bad": malformed.
std::string parsed(const std::string& bytes, std::size_t* size = nullptr) {
  const auto header = parse_proxy_header(as_bytes(bytes));
  if (!header) return "bad";
  if (!*header) return "more";
  if (size != nullptr) *size = (*header)->size;
  return (*header)->source ? (*header)->source->to_string() : "none";
}

TEST(ProxyHeader, NamesTheSourceInBothVersions) {
  EXPECT_EQ(parsed("PROXY TCP4 192.0.2.1 203.0.113.5 56324 443\r\n"), "192.0.2.1:56324");
  EXPECT_EQ(parsed("PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n"), "[2001:db8::1]:56324");
  EXPECT_EQ(parsed(version_2('\x21', '\x11', kV4)), "192.0.2.1:56324");
  EXPECT_EQ(parsed(version_2('\x21', '\x21', v6_payload("2001:db8::1"))), "[2001:db8::1]:56324");
}

TEST(ProxyHeader, TakesMappedAddressesForWhatTheyAre) {
  EXPECT_EQ(parsed("PROXY TCP6 ::ffff:192.0.2.1 ::1 5 6\r\n"), "192.0.2.1:5");
  EXPECT_EQ(parsed(version_2('\x21', '\x21', v6_payload("::ffff:192.0.2.1"))), "192.0.2.1:56324");
}

TEST(ProxyHeader, LeavesTheRealAddressWhereTheProxyKnowsNoBetter) {
  EXPECT_EQ(parsed("PROXY UNKNOWN\r\n"), "none");
  EXPECT_EQ(parsed("PROXY UNKNOWN ffff::1 ffff::2 65535 65535\r\n"), "none");
  EXPECT_EQ(parsed(version_2('\x20', '\x00', "")), "none");
  EXPECT_EQ(parsed(version_2('\x20', '\x11', kV4)), "none");                     // LOCAL, whatever it names.
  EXPECT_EQ(parsed(version_2('\x21', '\x00', kV4)), "none");                     // AF_UNSPEC.
  EXPECT_EQ(parsed(version_2('\x21', '\x12', kV4)), "none");                     // UDP.
  EXPECT_EQ(parsed(version_2('\x21', '\x31', std::string(216, '\0'))), "none");  // A local socket.
}

TEST(ProxyHeader, TellsWhereTheClientsOwnBytesBegin) {
  std::size_t size = 0;
  const std::string line = "PROXY TCP4 192.0.2.1 203.0.113.5 56324 443\r\n";
  parsed(line + "GET / HTTP/1.1\r\n", &size);
  EXPECT_EQ(size, line.size());
  // Type, length and value of what else the proxy has to say.
  const std::string binary = version_2('\x21', '\x11', kV4 + "\x04\x00\x03"s + "abc");
  EXPECT_EQ(parsed(binary + "GET /", &size), "192.0.2.1:56324");
  EXPECT_EQ(size, binary.size());
}

TEST(ProxyHeader, WaitsForTheWholeOfIt) {
  for (const std::string& whole : {"PROXY TCP4 192.0.2.1 203.0.113.5 56324 443\r\n"s, "PROXY UNKNOWN\r\n"s,
                                   version_2('\x21', '\x11', kV4), version_2('\x20', '\x00', "")}) {
    for (std::size_t size = kSignature.size(); size < whole.size(); ++size) {
      EXPECT_EQ(parsed(whole.substr(0, size)), "more") << size;
    }
    EXPECT_NE(parsed(whole), "more");
  }
}

TEST(ProxyHeader, IsRefusedWhereItIsLongerThanAnyGenuineOne) {
  const std::string longest = "PROXY UNKNOWN " + std::string(kMaxProxyLine - 16, 'x') + "\r\n";
  ASSERT_EQ(longest.size(), kMaxProxyLine);
  EXPECT_EQ(parsed(longest), "none");
  EXPECT_EQ(parsed("PROXY UNKNOWN " + std::string(kMaxProxyLine - 15, 'x') + "\r\n"), "bad");
  EXPECT_EQ(parsed("PROXY TCP4 " + std::string(200, '1')), "bad");
  EXPECT_EQ(parsed(version_2('\x21', '\x11', kV4 + std::string(kMaxProxyPayload - 12, '\0'))),
            "192.0.2.1:56324");
  // As soon as its length is seen.
  EXPECT_EQ(parsed(version_2('\x21', '\x11', kV4 + std::string(kMaxProxyPayload - 11, '\0')).substr(0, 16)),
            "bad");
}

TEST(ProxyHeader, IsRefusedWhereItIsMalformed) {
  for (const char* line : {"", " ", "TCP4", "TCP4 192.0.2.1 203.0.113.5 56324",
                           "TCP4 192.0.2.1 203.0.113.5 56324 443 ", "TCP4 192.0.2.1 203.0.113.5 56324 443 1",
                           "TCP4  192.0.2.1 203.0.113.5 56324 443", "TCP4 2001:db8::1 2001:db8::2 1 2",
                           "TCP6 192.0.2.1 203.0.113.5 1 2", "TCP4 192.0.2.1 203.0.113.5 1 65536",
                           "TCP4 192.0.2.1 203.0.113.5 01 2", "TCP4 192.0.2.1 203.0.113.5 -1 2",
                           "TCP4 192.0.2.256 203.0.113.5 1 2", "TCP4 192.0.2.01 203.0.113.5 1 2",
                           "TCP4 192.0.2.1\t203.0.113.5 1 2", "UDP4 192.0.2.1 203.0.113.5 1 2", "UNKNOWNS",
                           "tcp4 192.0.2.1 203.0.113.5 1 2", "TCP4 192.0.2.1 203.0.113.5 1 2\n"}) {
    EXPECT_EQ(parsed("PROXY " + std::string(line) + "\r\n"), "bad") << line;
  }
  EXPECT_EQ(parsed(version_2('\x11', '\x11', kV4)), "bad");  // Another version.
  EXPECT_EQ(parsed(version_2('\x22', '\x11', kV4)), "bad");  // Another command.
  EXPECT_EQ(parsed(version_2('\x21', '\x41', kV4)), "bad");  // Another family.
  EXPECT_EQ(parsed(version_2('\x21', '\x13', kV4)), "bad");  // Another transport.
  EXPECT_EQ(parsed(version_2('\x21', '\x11', kV4.substr(1))), "bad");
  EXPECT_EQ(parsed(version_2('\x21', '\x21', v6_payload("::1").substr(1))), "bad");
}

}  // namespace
}  // namespace porthole::wire
