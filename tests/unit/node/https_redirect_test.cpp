#include "node/https_redirect.hpp"

#include "node_fixture.hpp"

namespace porthole::node {
namespace {

using testing::HasSubstr;

class CertificateTest : public test::NodeFixture {
 protected:
  CertificateTest() : NodeFixture(with_certificate()) {}

  static NodeOptions with_certificate() {
    NodeOptions made = options();
    made.has_certificate = true;
    return made;
  }
  HttpRequest over_tls(HttpRequest request) const {
    request.via.transport = Transport::tls;
    return request;
  }
  // Where the request is sent; empty where it is answered.
  std::string redirected(const HttpRequest& request) {
    const auto response = node.handle_http(request, now);
    if (!response || response->status != 308) return {};
    return std::string(find_header(response->headers, "Location"));
  }
  static int links(const HttpResponse& response) {
    return static_cast<int>(std::ranges::count(response.headers, "Link", &HttpHeaders::value_type::first));
  }
};

TEST_F(CertificateTest, WhoComesInClearIsSentToTheSameHostPortPathAndQuery) {
  HttpRequest page = request("GET", "/cam");
  page.query = "path=turn-tls&x=%20y";
  EXPECT_EQ(redirected(page), "https://cam.example:8443/cam?path=turn-tls&x=%20y");
  EXPECT_EQ(redirected(request("GET", "/")), "https://cam.example:8443/");
  EXPECT_EQ(redirected(request("GET", "/ice")), "https://cam.example:8443/ice");
  EXPECT_EQ(redirected(over_tls(page)), "");
}

TEST_F(CertificateTest, NothingOfAHostileRequestEndsUpInTheHeader) {
  HttpRequest page = request("GET", "/a b\xff\"<>%?#é//evil.example");
  page.query = "q=\r\nSet-Cookie: x\x80";
  page.headers = {{"Host", "evil.example/\r\nX: y"}};
  const std::string location = redirected(page);
  EXPECT_TRUE(
      location.starts_with("https://203.0.113.1:8443/a%20b%FF%22%3C%3E%25%3F%23%C3%A9//evil.example?"))
      << location;
  EXPECT_TRUE(std::ranges::all_of(location, [](char c) { return c > ' ' && c <= '~'; })) << location;
}

TEST_F(CertificateTest, ThisMachineAndProbesAreAnsweredInClear) {
  HttpRequest here = request("GET", "/ice");
  here.via.remote = *SocketAddress::parse("127.0.0.1:5000");
  EXPECT_EQ(redirected(here), "");
  here.via.remote = *SocketAddress::parse("[::1]:5000");
  EXPECT_EQ(redirected(here), "");
  EXPECT_EQ(send(request("GET", "/healthz")).status, 200);
}

TEST_F(CertificateTest, WhoCameThroughAProxyThatEndedTlsIsNotSentInCircles) {
  HttpRequest page = request("GET", "/ice");
  page.headers.emplace_back("X-Forwarded-Proto", "https");
  EXPECT_EQ(redirected(page), "");
  page.headers.back().second = "http";
  EXPECT_NE(redirected(page), "");
}

TEST_F(CertificateTest, AnOfferInClearIsSentToHttpsAndItsPreflightAnswered) {
  EXPECT_EQ(redirected(offer()), "https://cam.example:8443/whep/cam");
  EXPECT_EQ(find_header(send(offer()).headers, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(send(request("OPTIONS", "/whep/cam")).status, 204);
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(CertificateTest, TurnOverTlsIsOfferedBesideTcpAndAloneWhereItIsForced) {
  HttpRequest posted = over_tls(offer());
  EXPECT_EQ(links(send(posted)), 2);
  EXPECT_THAT(send(over_tls(request("GET", "/ice"))).body, HasSubstr("turns:cam.example:8443?transport=tcp"));
  posted.query = "path=turn-tls";
  const HttpResponse response = send(posted);
  EXPECT_EQ(links(response), 1);
  EXPECT_THAT(find_header(response.headers, "Link"), HasSubstr("<turns:cam.example:8443?transport=tcp>"));
}

class NoCertificateTest : public test::NodeFixture {};

TEST_F(NoCertificateTest, EverythingIsAnsweredInClear) {
  EXPECT_EQ(send(request("GET", "/ice")).status, 200);
  EXPECT_EQ(send(offer()).status, 201);
}

TEST_F(NoCertificateTest, TurnOverTlsIsRefusedInWords) {
  HttpRequest posted = offer();
  posted.query = "path=turn-tls";
  const HttpResponse response = send(posted);
  EXPECT_EQ(response.status, 400);
  EXPECT_THAT(response.body, HasSubstr("--tls-cert"));
  EXPECT_EQ(node.viewer_count(), 0U);
}

}  // namespace
}  // namespace porthole::node
