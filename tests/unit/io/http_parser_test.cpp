#include "io/http_parser.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "support/heap.hpp"

namespace porthole::io {
namespace {

// A head of so many bytes, most of them in the request line or in a field.
std::string head(std::size_t size, bool long_target) {
  const std::string before = long_target ? "GET /" : "GET / HTTP/1.1\r\nHost: a\r\nA: ";
  const std::string after = long_target ? " HTTP/1.1\r\nHost: a\r\n\r\n" : "\r\n\r\n";
  return before + std::string(size - before.size() - after.size(), 'b') + after;
}

// 200 for a request, else the failure's status; 0 while it is not over.
int outcome(const std::string& stream, std::size_t piece) {
  HttpParser parser;
  for (std::size_t at = 0; at < stream.size(); at += piece) {
    parser.feed(as_bytes(stream).subspan(at, std::min(piece, stream.size() - at)));
    const HttpParser::Step step = parser.next();
    if (step == HttpParser::Step::request) return 200;
    if (step == HttpParser::Step::failed) return parser.failure();
  }
  return 0;
}

TEST(HttpParser, AHeadIsWithinTheLimitHoweverItIsCut) {
  for (const bool long_target : {false, true}) {
    for (const std::size_t piece :
         {std::size_t{1}, std::size_t{100}, std::size_t{5000}, 2 * kMaxHttpHeader}) {
      EXPECT_EQ(outcome(head(kMaxHttpHeader, long_target), piece), 200) << piece;
      EXPECT_EQ(outcome(head(kMaxHttpHeader + 1, long_target), piece), 431) << piece;
    }
  }
}

TEST(HttpParser, ATrailerIsWithinTheLimitHoweverItIsCut) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, std::size_t{5000}, 2 * kMaxHttpHeader}) {
    const std::string longest = "0\r\nA: " + std::string(kMaxHttpHeader - 10, 'b') + "\r\n\r\n";
    EXPECT_EQ(outcome(chunked + longest, piece), 200) << piece;
    EXPECT_EQ(outcome(chunked + "0\r\nAB" + longest.substr(4), piece), 400) << piece;
  }
}

// Boost throws at a field of 64 KiB.
TEST(HttpParser, AHugeTrailerIsRefusedHoweverItIsCut) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string huge = chunked + "0\r\nA: " + std::string(100'000, 'b') + "\r\n\r\n";
  for (const std::size_t piece : {std::size_t{1000}, huge.size()})
    EXPECT_EQ(outcome(huge, piece), 400) << piece;
}

// Boost's parser asserts that it is never asked about a part of a last chunk.
TEST(HttpParser, ALastChunkMayComeByteByByte) {
  const std::string chunked = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  for (std::size_t piece = 1; piece < 5; ++piece) {
    EXPECT_EQ(outcome(chunked + "0\r\n\r\n", piece), 200) << piece;
    EXPECT_EQ(outcome(chunked + "1\r\na\r\n0\r\n\r\n", piece), 200) << piece;
    EXPECT_EQ(outcome(chunked + "0\r\nA: b\r\n\r\n", piece), 200) << piece;
  }
}

// A viewer's connection stays open for a while after its offer.
TEST(HttpParser, KeepsNothingOfARequestThatWasTaken) {
  HttpParser parser;
  const std::string request =
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n" + std::string(50'000, 'b');
  const std::size_t before = porthole::test::heap_bytes();
  parser.feed(as_bytes(request));
  ASSERT_EQ(parser.next(), HttpParser::Step::request);
  EXPECT_EQ(parser.take().request.body.size(), 50'000U);
  EXPECT_EQ(parser.next(), HttpParser::Step::need_more);
  EXPECT_LT(porthole::test::heap_bytes(), before + 1000);
}

}  // namespace
}  // namespace porthole::io
