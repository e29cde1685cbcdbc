#include "node/socket_viewers.hpp"

#include "socket_fixture.hpp"

namespace porthole::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

using test::from_client;
using test::kTold;

class SocketViewersTest : public test::SocketFixture {};

TEST_F(SocketViewersTest, TheHandshakeIsTheRfcs) {
  const HttpResponse response = send(upgrade());
  EXPECT_EQ(response.status, 101);
  EXPECT_EQ(find_header(response.headers, "Upgrade"), "websocket");
  EXPECT_EQ(find_header(response.headers, "Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
}

TEST_F(SocketViewersTest, WhatIsNoHandshakeIsToldWhatIsMissing) {
  const HttpResponse plain = send(request("GET", "/websocket/cam"));
  EXPECT_EQ(plain.status, 426);
  EXPECT_EQ(find_header(plain.headers, "Upgrade"), "websocket");
  EXPECT_EQ(find_header(plain.headers, "Sec-WebSocket-Version"), "13");
  EXPECT_EQ(send(upgrade(1, "/websocket/none")).status, 404);
  EXPECT_EQ(send(upgrade(1, "/websocket/")).status, 404);
  HttpRequest post = upgrade();
  post.method = "POST";
  EXPECT_EQ(send(post).status, 405);
  HttpRequest old = upgrade();
  old.headers[3].second = "8";
  EXPECT_EQ(send(old).status, 426);
  HttpRequest no_key = upgrade();
  no_key.headers.back().second = "short";
  EXPECT_EQ(send(no_key).status, 400);
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(SocketViewersTest, AViewerCountsLikeAnyOther) {
  for (std::uint64_t connection = 1; connection <= 3; ++connection) join(connection);
  const HttpResponse full = send(upgrade(4));
  EXPECT_EQ(full.status, 503);
  EXPECT_EQ(find_header(full.headers, "Retry-After"), "10");
  EXPECT_EQ(send(offer()).status, 503);
  EXPECT_THAT(send(request("GET", "/api/v1/streams")).body, HasSubstr("\"viewers\":3"));
  node.handle_stream_closed(path(2), now);
  EXPECT_EQ(send(upgrade(4)).status, 101);
}

TEST_F(SocketViewersTest, WhoJoinsInMidGroupStartsFromItsKeyframe) {
  push(true);
  now += 33ms;
  push(false);
  EXPECT_EQ(fragmenters.made, 0) << "nobody watches";
  join(1);
  EXPECT_THAT(received(1), ElementsAre(kTold, "init", "key 0", "delta 33"));
  now += 33ms;
  push(false);
  EXPECT_THAT(received(1), ElementsAre("delta 66"));
  EXPECT_EQ(keyframes_wanted(), 0U);
  join(2);
  EXPECT_THAT(received(2), ElementsAre(kTold, "init", "key 0", "delta 33", "delta 66"));
  EXPECT_EQ(fragmenters.made, 1) << "one for all";
}

TEST_F(SocketViewersTest, WhereThereIsNothingToStartFromAKeyframeIsAskedFor) {
  join(1);
  node.handle_timeout(now);
  EXPECT_EQ(keyframes_wanted(), 1U);
  push(false);
  EXPECT_THAT(received(1), IsEmpty());
  push(true);
  EXPECT_THAT(received(1), ElementsAre(kTold, "init", "key 0"));
}

TEST_F(SocketViewersTest, TheRenditionIsWantedAsLongAsSomebodyWatches) {
  join(1);
  join(2);
  node.handle_stream_closed(path(1), now);
  const auto wishes = [&] {
    std::vector<bool> wanted;
    for (const Event& event : events()) {
      if (const auto* wish = std::get_if<RenditionWanted>(&event)) wanted.push_back(wish->wanted);
    }
    return wanted;
  };
  EXPECT_THAT(wishes(), ElementsAre(true));
  node.handle_stream_closed(path(2), now);
  EXPECT_THAT(wishes(), ElementsAre(false));
}

TEST_F(SocketViewersTest, AViewerIsAnnouncedWithItsFirstPictureAndWhenItGoes) {
  push(true);
  join(1);
  auto seen = events();
  const auto* connected = std::get_if<ViewerConnected>(&seen.back());
  ASSERT_NE(connected, nullptr);
  EXPECT_STREQ(connected->path, "WebSocket");
  EXPECT_EQ(connected->remote, path(1).remote);
  node.handle_stream_closed(path(1), now);
  seen = events();
  const auto* gone = std::get_if<ViewerGone>(&seen.front());
  ASSERT_NE(gone, nullptr);
  EXPECT_EQ(gone->reason, ViewerEnd::left);
  EXPECT_EQ(gone->stats.frames, 1U);
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(SocketViewersTest, WhoReadsTooSlowlyLosesWholeFragmentsUpToTheNextKeyframe) {
  push(true);
  join(1);
  join(2);
  received(1);
  slow.insert(ConnectionId{1});
  now += rtc::kCatchUpTime;
  push(false);  // On its way.
  for (int i = 0; i < 20; ++i) {
    now += 33ms;
    push(false);
  }
  EXPECT_THAT(received(1), ElementsAre("delta 2000"));
  reads_again(1);
  EXPECT_THAT(received(1), IsEmpty()) << "what waited is the past";
  now += 33ms;
  push(false);
  EXPECT_THAT(received(1), IsEmpty());
  now += 33ms;
  push(true);
  push(false);
  EXPECT_THAT(received(1), ElementsAre("key 2726", "delta 2726"));
  EXPECT_EQ(received(2).size(), 3U + 25 - 1) << "the other did not notice";
}

TEST_F(SocketViewersTest, HalfASecondOfBacklogIsBridged) {
  push(true);
  join(1);
  received(1);
  slow.insert(ConnectionId{1});
  now += rtc::kCatchUpTime;
  push(false);
  for (int i = 0; i < 5; ++i) {
    now += 100ms;
    push(false);
  }
  reads_again(1);
  EXPECT_EQ(received(1).size(), 6U);
}

TEST_F(SocketViewersTest, WhoJustJoinedMayTakeLongerToCatchUp) {
  push(true);
  slow.insert(ConnectionId{1});
  join(1);
  for (int i = 0; i < 50; ++i) {
    now += 33ms;
    push(false);
  }
  reads_again(1);
  EXPECT_EQ(received(1).size(), 3U + 50);
}

TEST_F(SocketViewersTest, KeyframesForASlowViewerAreAskedForWithRestraint) {
  push(true);
  join(1);
  now += rtc::kCatchUpTime;
  for (int round = 0; round < 4; ++round) {
    (void)events();
    slow.insert(ConnectionId{1});
    push(false);
    for (int i = 0; i < 30; ++i) {
      advance(33ms);
      push(false);
    }
    EXPECT_EQ(keyframes_wanted(), 0U) << "while it takes nothing";
    reads_again(1);
    for (int i = 0; i < 10; ++i) {
      advance(33ms);
      push(false);
    }
    EXPECT_EQ(keyframes_wanted(), round == 0 ? 1U : 0U) << "who falls behind often must be patient";
    push(true);
  }
}

TEST_F(SocketViewersTest, LargeFragmentsGoInPieces) {
  join(1);
  push(true, 300'000);
  EXPECT_EQ(received(1).size(), 3U);
  EXPECT_EQ(largest, kMaxStreamBatch);
}

TEST_F(SocketViewersTest, APingIsAnsweredAndWordsComeBack) {
  join(1);
  says(1, from_client(9, "hello"));
  says(1, from_client(1, "123.5"));
  EXPECT_THAT(received(1), ElementsAre("pong hello", "123"));
}

TEST_F(SocketViewersTest, OneAnswerWaitsHoweverMuchIsAsked) {
  push(true);
  join(1);
  received(1);
  slow.insert(ConnectionId{1});
  push(false);
  for (int i = 0; i < 1000; ++i)
    says(1, from_client(9, std::to_string(i)) + from_client(1, std::to_string(i)));
  reads_again(1);
  EXPECT_THAT(received(1), ElementsAre("delta 0", "pong 999", "999"));
}

TEST_F(SocketViewersTest, ACloseIsAnsweredWithItsOwnCodeAndEndsTheConnection) {
  join(1);
  says(1, from_client(8, "\x03\xe9"));
  EXPECT_THAT(received(1), ElementsAre("close 1001"));
  EXPECT_THAT(ended, ElementsAre(1U));
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(SocketViewersTest, WhoBreaksTheProtocolIsToldSoAndGoes) {
  join(1);
  says(1, std::string("\x82\x80", 2) + std::string(4, '\0'));
  EXPECT_THAT(received(1), ElementsAre("close 1003"));
  EXPECT_THAT(ended, ElementsAre(1U));
}

TEST_F(SocketViewersTest, WhoAnswersNoPingIsGone) {
  join(1);
  join(2);
  for (int i = 0; i < 8; ++i) {
    advance(kSocketPingInterval);
    says(1, from_client(10, ""));
  }
  EXPECT_THAT(received(2), ElementsAre("ping", "ping", "close 1001"));
  EXPECT_THAT(ended, ElementsAre(2U));
}

TEST_F(SocketViewersTest, WhoTakesNothingIsGoneAsWell) {
  push(true);
  join(1);
  slow.insert(ConnectionId{1});
  push(false, 300'000);
  advance(4 * kSocketPingInterval);
  EXPECT_THAT(ended, ElementsAre(1U));
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(SocketViewersTest, ASourceThatIsSilentKeepsItsViewers) {
  join(1);
  for (int i = 0; i < 240; ++i) {
    advance(kSocketPingInterval);
    says(1, from_client(10, ""));
  }
  EXPECT_EQ(node.viewer_count(), 1U);
}

TEST_F(SocketViewersTest, AServerThatEndsSaysGoodbye) {
  join(1);
  node.shut_down();
  flush();
  EXPECT_THAT(received(1), ElementsAre("close 1001"));
  EXPECT_EQ(node.viewer_count(), 0U);
}

TEST_F(SocketViewersTest, AGoodbyeIsNotPutIntoTheMiddleOfAMessage) {
  push(true);
  join(1);
  received(1);
  slow.insert(ConnectionId{1});
  push(false, 300'000);
  node.shut_down();
  flush();
  EXPECT_THAT(received(1), IsEmpty());
  EXPECT_THAT(ended, ElementsAre(1U));
}

TEST_F(SocketViewersTest, AfterTheLastViewerNothingIsMadeAndTheNextOneStartsAtOnce) {
  push(true);
  join(1);
  node.handle_stream_closed(path(1), now);
  now += 33ms;
  push(false);
  join(2);
  EXPECT_THAT(received(2), ElementsAre(kTold, "init", "key 0", "delta 33"));
  EXPECT_EQ(fragmenters.made, 2);
}

}  // namespace
}  // namespace porthole::node
