#include "io/http_response.hpp"

#include <gmock/gmock.h>

#include "io/http_target.hpp"

namespace porthole::io {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(HttpResponse, WritesDatesInTheOneFormThatHttpHas) {
  EXPECT_EQ(http_date(WallTime(784'111'777s)), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(http_date(WallTime(1'709'251'199s + 999ms)), "Thu, 29 Feb 2024 23:59:59 GMT");
}

TEST(HttpResponse, CarriesTheHandlersFieldsButNotThoseOfTheFraming) {
  const std::string text = write_response({.status = 201,
                                           .headers = {{"Location", "/whep/x/1"},
                                                       {"content-length", "999"},
                                                       {"Transfer-Encoding", "chunked"},
                                                       {"Server", "other"}},
                                           .body = "v=0"},
                                          {});
  EXPECT_THAT(text, HasSubstr("\r\nLocation: /whep/x/1\r\n"));
  EXPECT_THAT(text, HasSubstr("\r\nContent-Length: 3\r\n\r\nv=0"));
  EXPECT_THAT(text, Not(HasSubstr("999")));
  EXPECT_THAT(text, Not(HasSubstr("chunked")));
  EXPECT_THAT(text, Not(HasSubstr("other")));
}

TEST(HttpResponse, LetsNoValueBeginALineOfItsOwn) {
  const std::string text =
      write_response({.status = 200, .headers = {{"X-A", "a\r\nX-B: b"}, {"X-C\n", "c"}}, .body = {}}, {});
  EXPECT_THAT(text, Not(HasSubstr("X-")));
}

TEST(HttpResponse, WritesStatusCodesThatItHasNoWordsFor) {
  EXPECT_THAT(write_response({.status = 299, .headers = {}, .body = {}}, {}), HasSubstr("HTTP/1.1 299 \r\n"));
}

TEST(HttpTarget, TakesOriginAndAbsoluteForm) {
  const auto origin = parse_target("/a%2Fb?c=%20&d?");
  ASSERT_TRUE(origin);
  EXPECT_EQ(origin->path, "/a/b");
  EXPECT_EQ(origin->query, "c=%20&d?");
  EXPECT_EQ(parse_target("http://host:8443/a?b")->path, "/a");
  EXPECT_EQ(parse_target("http://host:8443/a?b")->query, "b");
  EXPECT_EQ(parse_target("http://host")->path, "/");
  EXPECT_EQ(parse_target("http://host?q")->path, "/");
  EXPECT_EQ(parse_target("http://host?q")->query, "q");
  EXPECT_EQ(parse_target("/see?at=http://other/x")->query, "at=http://other/x");
}

TEST(HttpTarget, RefusesWhatIsNoPath) {
  for (const std::string_view target :
       {"", "*", "host:443", "a", "?q", "/%", "/%1", "/%g0", "/%00", "/%7f", "/%+1"}) {
    EXPECT_FALSE(parse_target(target)) << target;
  }
}

}  // namespace
}  // namespace porthole::io
