// Viewers that watch by WebSocket: what they say and hear, with fragments that say what they are of.
#pragma once

#include <map>
#include <set>

#include "fragments.hpp"
#include "node_fixture.hpp"

namespace porthole::node::test {

inline const std::string kTold = R"({"timescale":1000,"type":"video/mp4"})";

// A masked frame whose mask is zeros.
inline std::string from_client(std::uint8_t opcode, std::string_view payload) {
  std::string bytes{static_cast<char>(0x80 | opcode),
                    static_cast<char>(0x80 | static_cast<int>(payload.size()))};
  return bytes.append(4, '\0').append(payload);
}

class SocketFixture : public NodeFixture {
 protected:
  SocketFixture() { node.serve_websocket(fragmenters); }

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

  FakeFragmenterFactory fragmenters;
  std::set<ConnectionId> slow;  // Take one piece, and no more.
  std::vector<std::uint64_t> ended;
  std::size_t largest = 0;

 private:
  const Instant start_ = now;
  std::map<ConnectionId, std::string> sent_;
};

}  // namespace porthole::node::test
