#include "server/pages.hpp"

#include <gtest/gtest.h>

#include "server/assets.hpp"

namespace porthole::server {
namespace {

HttpResponse get(const std::string& path, HttpHeaders headers = {}) {
  HttpRequest request;
  request.method = "GET";
  request.path = path;
  request.headers = std::move(headers);
  return page_reply(request, [](std::string_view name) { return name == "garden"; });
}

TEST(Pages, AreAllInside) {
  for (const Asset& asset : assets()) {
    if (!asset.path.starts_with("assets/")) continue;
    const HttpResponse response = get("/" + std::string(asset.path));
    EXPECT_EQ(response.status, 200) << asset.path;
    EXPECT_EQ(response.body, asset.bytes);
    EXPECT_NE(find_header(response.headers, "Content-Type"), "application/octet-stream") << asset.path;
  }
}

TEST(Pages, ShowAStreamAndSayThatAnotherDoesNotExist) {
  EXPECT_EQ(get("/garden").status, 200);
  const HttpResponse missing = get("/desert");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.body, get("/garden").body);
}

TEST(Pages, HaveANetworkTestThatIsNoStream) {
  EXPECT_EQ(get("/diagnose").status, 200);
  EXPECT_NE(get("/diagnose").body, get("/garden").body);
}

TEST(Pages, LetNothingIn) {
  const HttpResponse page = get("/");
  const std::string_view policy = find_header(page.headers, "Content-Security-Policy");
  EXPECT_TRUE(policy.starts_with("default-src 'none'"));
  EXPECT_EQ(policy.find("unsafe"), std::string_view::npos);
  EXPECT_EQ(find_header(page.headers, "X-Content-Type-Options"), "nosniff");
}

TEST(Pages, AreNotSentAgainToWhoHasThem) {
  const HttpResponse first = get("/garden");
  const HttpResponse again =
      get("/garden", {{"If-None-Match", std::string(find_header(first.headers, "ETag"))}});
  EXPECT_EQ(again.status, 304);
  EXPECT_TRUE(again.body.empty());
}

TEST(Pages, KnowNoOtherPathsOrMethods) {
  for (const char* path : {"/assets/", "/assets/nothing.js", "/assets/../index.html", "/a/b", "//"}) {
    EXPECT_EQ(get(path).status, 404) << path;
  }
  HttpRequest request;
  request.method = "POST";
  request.path = "/";
  EXPECT_EQ(page_reply(request, [](std::string_view) { return true; }).status, 405);
}

}  // namespace
}  // namespace porthole::server
