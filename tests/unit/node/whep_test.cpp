#include "node/whep.hpp"

#include "node_fixture.hpp"

namespace porthole::node {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::StartsWith;

constexpr const char* kFragmentType = "application/trickle-ice-sdpfrag";
constexpr const char* kNewIce =
    "a=ice-ufrag:abcd\r\na=ice-pwd:0123456789abcdefghijklmn\r\na=candidate:1 1 UDP 1 192.0.2.7 5000 typ "
    "host\r\n";

class WhepTest : public test::NodeFixture {
 protected:
  struct Session {
    std::string url;
    std::string etag;
  };
  Session create() {
    const HttpResponse response = send(offer());
    EXPECT_EQ(response.status, 201);
    return {std::string(find_header(response.headers, "Location")),
            std::string(find_header(response.headers, "ETag"))};
  }
  HttpRequest patch(const Session& session, const std::string& body, const char* if_match = nullptr) const {
    HttpRequest made = request("PATCH", session.url);
    made.headers.emplace_back("Content-Type", kFragmentType);
    made.headers.emplace_back("If-Match", if_match == nullptr ? session.etag : std::string(if_match));
    made.body = body;
    return made;
  }
  static std::string ice_of(const std::string& offer) {
    std::string lines;
    for (const char* name : {"a=ice-ufrag:", "a=ice-pwd:"}) {
      const std::size_t at = offer.find(name);
      lines += offer.substr(at, offer.find("\r\n", at) + 2 - at);
    }
    return lines;
  }
};

TEST_F(WhepTest, AnOfferMakesASessionWithAllThatTheDraftAsksFor) {
  const HttpResponse response = send(offer());
  EXPECT_EQ(response.status, 201);
  const auto header = [&](const char* name) { return std::string(find_header(response.headers, name)); };
  EXPECT_EQ(header("Content-Type"), "application/sdp");
  EXPECT_THAT(header("Location"), StartsWith("/whep/cam/"));
  EXPECT_GE(header("Location").size(), std::string("/whep/cam/").size() + 22);
  EXPECT_THAT(header("ETag"), testing::MatchesRegex("\"[^\"]+\""));
  EXPECT_EQ(header("Accept-Patch"), kFragmentType);
  EXPECT_EQ(header("Cache-Control"), "no-store");
  EXPECT_EQ(header("Access-Control-Allow-Origin"), "*");
  for (const char* exposed : {"Location", "Link", "ETag"}) {
    EXPECT_THAT(header("Access-Control-Expose-Headers"), HasSubstr(exposed));
  }
  EXPECT_THAT(header("Link"), StartsWith("<turn:cam.example:8443?transport=tcp>; rel=\"ice-server\""));
  EXPECT_THAT(response.body, HasSubstr("a=candidate"));
  EXPECT_THAT(response.body, HasSubstr("203.0.113.1 8443 typ host"));
  EXPECT_EQ(node.viewer_count(), 1U);
}

TEST_F(WhepTest, TheForcedPathDecidesOnTheIceServers) {
  HttpRequest made = offer();
  made.query = "a=b&path=turn-udp";
  EXPECT_THAT(find_header(send(made).headers, "Link"), StartsWith("<turn:cam.example:8443?transport=udp>"));
  made.query = "path=direct";
  EXPECT_THAT(find_header(send(made).headers, "Link"), IsEmpty());
  made.query = "path=teleport";
  EXPECT_EQ(send(made).status, 400);
}

TEST_F(WhepTest, SessionsAreNamedSoThatNobodyGuessesThem) {
  const Session one = create();
  const Session other = create();
  EXPECT_NE(one.url, other.url);
  EXPECT_NE(one.etag, other.etag);
  // The TURN user name travels in clear.
  const HttpResponse third = send(offer());
  const std::string id(find_header(third.headers, "Location").substr(std::string_view("/whep/cam/").size()));
  EXPECT_THAT(std::string(find_header(third.headers, "Link")), Not(HasSubstr(id)));
}

TEST_F(WhepTest, RefusalsSayWhy) {
  const auto status = [this](const HttpRequest& what) {
    const HttpResponse response = send(what);
    EXPECT_THAT(response.body, StartsWith("{\"error\":\"")) << response.status;
    EXPECT_EQ(find_header(response.headers, "Access-Control-Allow-Origin"), "*");
    return response.status;
  };
  HttpRequest made = offer();
  made.path = "/whep/nothing";
  EXPECT_EQ(status(made), 404);
  made = offer();
  made.headers.back().second = "text/plain";
  EXPECT_EQ(status(made), 415);
  made.headers.pop_back();
  EXPECT_EQ(status(made), 415);
  made = offer();
  made.body = "v=0\r\nthis is no SDP";
  EXPECT_EQ(status(made), 400);
  made.body.clear();
  EXPECT_EQ(status(made), 400);
  EXPECT_EQ(status(offer("chromium-156-sendonly")), 400);
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(WhepTest, ContentTypesMayHaveParametersAndAnyCase) {
  HttpRequest made = offer();
  made.headers.back().second = "Application/SDP; charset=utf-8";
  EXPECT_EQ(send(made).status, 201);
}

TEST_F(WhepTest, NoCodecInCommonIs406) {
  HttpRequest made = offer();
  for (const char* codec : {"VP8/90000", "H264/90000"}) {
    for (std::size_t at = 0; (at = made.body.find(codec, at)) != std::string::npos;) made.body[at] = 'X';
  }
  EXPECT_EQ(send(made).status, 406);
}

TEST_F(WhepTest, OneTooManyIs503WithTheTimeToWait) {
  for (std::size_t i = 0; i < options().max_viewers; ++i) create();
  const HttpResponse response = send(offer());
  EXPECT_EQ(response.status, 503);
  EXPECT_THAT(find_header(response.headers, "Retry-After"), Not(IsEmpty()));
}

TEST_F(WhepTest, OtherMethodsAre405AndSayWhichOnesThereAre) {
  const Session session = create();
  for (const char* method : {"GET", "PUT", "PATCH", "DELETE", "HEAD"}) {
    const HttpResponse response = send(request(method, "/whep/cam"));
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(find_header(response.headers, "Allow"), "POST, OPTIONS");
  }
  for (const char* method : {"GET", "PUT", "POST", "HEAD"}) {
    const HttpResponse response = send(request(method, session.url));
    EXPECT_EQ(response.status, 405) << method;
    EXPECT_EQ(find_header(response.headers, "Allow"), "PATCH, DELETE, OPTIONS");
  }
}

TEST_F(WhepTest, PreflightsFromOtherSitesPass) {
  const Session session = create();
  const HttpResponse endpoint = send(request("OPTIONS", "/whep/cam"));
  EXPECT_EQ(endpoint.status, 204);
  EXPECT_EQ(find_header(endpoint.headers, "Accept-Post"), "application/sdp");
  EXPECT_THAT(find_header(endpoint.headers, "Access-Control-Allow-Methods"), HasSubstr("POST"));
  const HttpResponse resource = send(request("OPTIONS", session.url));
  EXPECT_THAT(find_header(resource.headers, "Access-Control-Allow-Methods"), HasSubstr("PATCH, DELETE"));
  for (const char* name : {"Content-Type", "If-Match", "Authorization"}) {
    EXPECT_THAT(find_header(resource.headers, "Access-Control-Allow-Headers"), HasSubstr(name));
  }
}

TEST_F(WhepTest, ARestartGetsNewCredentialsAndANewTag) {
  const Session session = create();
  const HttpResponse response = send(patch(session, kNewIce));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(find_header(response.headers, "Content-Type"), kFragmentType);
  const std::string etag(find_header(response.headers, "ETag"));
  EXPECT_NE(etag, session.etag);
  EXPECT_THAT(response.body, HasSubstr("a=ice-ufrag:"));
  EXPECT_THAT(response.body, HasSubstr("a=ice-pwd:"));
  EXPECT_THAT(response.body, HasSubstr("a=candidate:"));
  // The old tag names an ICE session that is no more; the new one does.
  EXPECT_EQ(send(patch(session, kNewIce)).status, 412);
  EXPECT_EQ(send(patch({session.url, etag}, ice_of(kNewIce))).status, 204);
}

TEST_F(WhepTest, ARestartMaySayAnyTag) {
  const Session session = create();
  EXPECT_EQ(send(patch(session, kNewIce, "*")).status, 200);
}

TEST_F(WhepTest, TrickledCandidatesNeedNoAnswerButTheRightTag) {
  const Session session = create();
  const std::string fragment = ice_of(test::load_offer("chromium-156-video")) +
                               "m=video 9 UDP/TLS/RTP/SAVPF 96\r\na=mid:0\r\n"
                               "a=candidate:1 1 UDP 2130706431 192.0.2.7 5000 typ host\r\n"
                               "a=end-of-candidates\r\n";
  const HttpResponse response = send(patch(session, fragment));
  EXPECT_EQ(response.status, 204) << response.body;
  EXPECT_EQ(send(patch(session, fragment, "*")).status, 412);
  EXPECT_EQ(send(patch(session, fragment, "\"other\"")).status, 412);
  EXPECT_EQ(send(patch(session, fragment, "")).status, 428);
}

TEST_F(WhepTest, BadPatchesAreToldApart) {
  const Session session = create();
  HttpRequest made = patch(session, kNewIce);
  made.headers[1].second = "application/sdp";
  EXPECT_EQ(send(made).status, 415);
  EXPECT_EQ(send(patch(session, "what is this")).status, 400);
  EXPECT_EQ(send(patch(session, "a=ice-ufrag:x\r\na=ice-pwd:y\r\n")).status, 400);
  EXPECT_EQ(send(patch({"/whep/cam/nobody", session.etag}, kNewIce)).status, 404);
}

TEST_F(WhepTest, DeleteEndsTheSessionAndOnlyOnce) {
  const Session session = create();
  EXPECT_EQ(send(request("DELETE", "/whep/other" + session.url.substr(9))).status, 404);
  EXPECT_EQ(send(request("DELETE", session.url)).status, 200);
  EXPECT_EQ(send(request("DELETE", session.url)).status, 404);
  EXPECT_EQ(send(patch(session, kNewIce)).status, 404);
  drain();
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(WhepTest, StrangePathsFindNothing) {
  const Session session = create();
  for (const std::string& path :
       {std::string("/whep/"), std::string("/whep//"), "/whep/cam/" + std::string(500, 'a'),
        session.url + "/more", std::string("/whep/cam/..")}) {
    for (const char* method : {"POST", "DELETE", "PATCH", "GET"}) {
      HttpRequest made = offer();
      made.method = method;
      made.path = path;
      EXPECT_THAT(send(made).status, testing::AnyOf(404, 405)) << method << " " << path;
    }
  }
  EXPECT_EQ(node.viewer_count(), 1U);
}

}  // namespace
}  // namespace porthole::node
