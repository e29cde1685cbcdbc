#include "node/socket_viewers.hpp"

#include <map>
#include <set>

#include "fragments.hpp"
#include "node_fixture.hpp"

namespace porthole::node {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

const std::string kTold = R"({"timescale":1000,"type":"video/mp4"})";

// A masked frame whose mask is zeros.
std::string from_client(std::uint8_t opcode, std::string_view payload) {
  std::string bytes{static_cast<char>(0x80 | opcode),
                    static_cast<char>(0x80 | static_cast<int>(payload.size()))};
  return bytes.append(4, '\0').append(payload);
}

class SocketViewersTest : public test::NodeFixture {
 protected:
  SocketViewersTest() { node.serve_websocket(fragmenters); }

  static FiveTuple path(std::uint64_t connection) {
    return {Transport::tcp, *SocketAddress::parse("203.0.113.1:8443"),
            *SocketAddress::parse("192.0.2.7:5000"), ConnectionId{connection}};
  }
  HttpRequest upgrade(std::uint64_t connection = 1, const std::string& to = "/websocket/cam") const {
    HttpRequest made = request("GET", to);
    made.headers.emplace_back("Upgrade", "WebSocket");
    made.headers.emplace_back("Connection", "keep-alive, Upgrade");
    made.headers.emplace_back("Sec-WebSocket-Version", "13");
    made.headers.emplace_back("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    made.via = path(connection);
    return made;
  }
  void join(std::uint64_t connection) {
    ASSERT_EQ(send(upgrade(connection)).status, 101);
    flush();
  }
  void push(bool keyframe, std::size_t size = 1) {
    auto frame = std::make_shared<EncodedFrame>();
    frame->keyframe = keyframe;
    frame->pts = now - start_;
    frame->bytes = {
        0, 0, 0, 1, 0x67, 0x4d, 0, 0x28, 0, 0, 0, 1, static_cast<std::uint8_t>(keyframe ? 0x65 : 0x61), 9};
    if (frame->bytes.size() < size) frame->bytes.resize(size, 7);
    node.push_frame("cam", frame, now);
    flush();
  }
  void says(std::uint64_t connection, std::string_view bytes) {
    node.handle_stream(path(connection), as_bytes(bytes), now);
    flush();
  }
  void advance(Duration time) {
    const Instant until = now + time;
    while (node.next_timeout() <= until) {
      now = std::max(now, node.next_timeout());
      node.handle_timeout(now);
      flush();
    }
    now = until;
  }

  // What the owner of the node does.
  void flush() {
    StreamWrite next;
    while (node.poll_stream(next, now)) {
      const ConnectionId connection = next.to.connection;
      sent_[connection] += as_text(next.bytes);
      largest = std::max(largest, next.bytes.size());
      if (next.is_last)
        ended.push_back(static_cast<std::uint64_t>(connection));
      else if (!slow.contains(connection))
        node.handle_stream_writable(connection, now);
    }
  }
  void reads_again(std::uint64_t connection) {
    slow.erase(ConnectionId{connection});
    node.handle_stream_writable(ConnectionId{connection}, now);
    flush();
  }

  // What came to it since the last call, a message each: payloads, control frames by name.
  std::vector<std::string> received(std::uint64_t connection) {
    std::vector<std::string> messages;
    std::string bytes = std::exchange(sent_[ConnectionId{connection}], {});
    while (bytes.size() >= 2) {
      ByteReader reader(as_bytes(bytes));
      const int opcode = reader.u8() & 15;
      std::uint64_t size = reader.u8();
      if (size == 126)
        size = reader.u16();
      else if (size == 127)
        size = reader.u64();
      if (size > reader.remaining()) break;
      const Bytes payload = reader.take(size);
      std::string text(as_text(payload));
      text = text.substr(0, text.find('.'));
      if (opcode == 8) text = "close " + std::to_string(load_u16(payload.data()));
      if (opcode == 9) text = "ping";
      if (opcode == 10) text = "pong " + text;
      messages.push_back(text);
      bytes.erase(0, bytes.size() - reader.remaining());
    }
    sent_[ConnectionId{connection}] = bytes;
    return messages;
  }
  std::size_t keyframes_wanted() {
    std::size_t count = 0;
    for (const Event& event : events()) count += std::holds_alternative<KeyframeWanted>(event) ? 1U : 0U;
    return count;
  }

  test::FakeFragmenterFactory fragmenters;
  std::set<ConnectionId> slow;  // Take one piece, and no more.
  std::vector<std::uint64_t> ended;
  std::size_t largest = 0;

 private:
  const Instant start_ = now;
  std::map<ConnectionId, std::string> sent_;
};

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
