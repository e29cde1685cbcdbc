#include "wire/stream_framing.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "support/seeded_random.hpp"

namespace porthole::wire {
namespace {

using Frame = std::vector<std::uint8_t>;

Frame stun_frame(std::size_t data_size) {
  Frame frame(stun::kHeaderSize + 8 + padded(data_size));
  stun::MessageBuilder builder(frame, stun::Class::indication, stun::Method::send, {});
  builder.add(stun::Attribute::data, Frame(data_size, 0xab));
  frame.resize(builder.finish().size());
  return frame;
}

Frame channel_frame(std::size_t payload_size) {
  Frame frame(kChannelHeaderSize + payload_size, 0xcd);
  write_channel_header(frame, 0x4002, static_cast<std::uint16_t>(payload_size));
  return frame;
}

Frame on_the_wire(const std::vector<Frame>& frames) {
  Frame stream;
  for (const Frame& frame : frames) {
    stream.insert(stream.end(), frame.begin(), frame.end());
    stream.resize(stream.size() + padded(frame.size()) - frame.size());
  }
  return stream;
}

// Everything whole in `input`; false when the framing is lost.
bool drain(StreamFramer& framer, Bytes input, std::vector<Frame>& frames) {
  while (true) {
    const auto frame = framer.next(input);
    if (!frame) return false;
    if (!*frame) {
      EXPECT_TRUE(input.empty());
      return true;
    }
    frames.emplace_back((**frame).begin(), (**frame).end());
  }
}

TEST(StreamFramer, EverySplitInTwoGivesTheSameFrames) {
  const std::vector<Frame> sent{stun_frame(0), channel_frame(0), channel_frame(1), channel_frame(6),
                                stun_frame(5), channel_frame(4), stun_frame(40)};
  const Frame stream = on_the_wire(sent);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    StreamFramer framer;
    std::vector<Frame> received;
    ASSERT_TRUE(drain(framer, Bytes(stream).first(cut), received));
    ASSERT_TRUE(drain(framer, Bytes(stream).subspan(cut), received));
    ASSERT_EQ(received, sent) << cut;
    EXPECT_EQ(framer.buffered(), 0U);
  }
}

TEST(StreamFramer, RandomFramesInRandomPiecesComeOutAsTheyWentIn) {
  test::SeededRandom random(11);
  for (int round = 0; round < 200; ++round) {
    std::vector<Frame> sent;
    for (std::uint32_t n = random.u32() % 12 + 1; n > 0; --n) {
      const std::size_t size = random.u32() % (random.u32() % 8 == 0 ? 65'000 : 1300);
      sent.push_back(random.u32() % 2 == 0 ? stun_frame(size) : channel_frame(size));
    }
    const Frame stream = on_the_wire(sent);
    StreamFramer framer;
    std::vector<Frame> received;
    for (Bytes rest = stream; !rest.empty();) {
      const std::size_t most = random.u32() % 3 == 0 ? 5 : 4000;
      const std::size_t piece = std::min<std::size_t>(rest.size(), random.u32() % most + 1);
      // A copy of exactly that size, so that reading beyond it is seen.
      const Frame copy(rest.begin(), rest.begin() + static_cast<std::ptrdiff_t>(piece));
      ASSERT_TRUE(drain(framer, copy, received));
      EXPECT_LE(framer.buffered(), kMaxStreamFrame);
      rest = rest.subspan(piece);
    }
    ASSERT_EQ(received, sent);
  }
}

TEST(StreamFramer, OneByteAtATimeWorks) {
  const std::vector<Frame> sent{stun_frame(3), channel_frame(3), stun_frame(0)};
  const Frame stream = on_the_wire(sent);
  StreamFramer framer;
  std::vector<Frame> received;
  for (const std::uint8_t& byte : stream) ASSERT_TRUE(drain(framer, Bytes(&byte, 1), received));
  EXPECT_EQ(received, sent);
}

TEST(StreamFramer, LongestFramesPass) {
  const std::vector<Frame> sent{channel_frame(65'535), stun_frame(65'520), channel_frame(65'533)};
  const Frame stream = on_the_wire(sent);
  StreamFramer framer;
  std::vector<Frame> received;
  for (std::size_t at = 0; at < stream.size(); at += 10'000) {
    const std::size_t piece = std::min<std::size_t>(10'000, stream.size() - at);
    ASSERT_TRUE(drain(framer, Bytes(stream).subspan(at, piece), received));
  }
  EXPECT_EQ(received, sent);
}

TEST(StreamFramer, FrameBeyondTheCallersLimitIsRefusedAtItsHeader) {
  constexpr std::size_t kLimit = 100;
  for (const std::size_t payload : {kLimit - kChannelHeaderSize, kLimit - kChannelHeaderSize + 1}) {
    StreamFramer framer;
    std::vector<std::uint8_t> frame(kChannelHeaderSize);
    write_channel_header(frame, kMinChannel, static_cast<std::uint16_t>(payload));
    Bytes header(frame);
    EXPECT_EQ(framer.next(header, kLimit).ok(), payload == kLimit - kChannelHeaderSize);
    EXPECT_LE(framer.buffered(), kChannelHeaderSize);
  }
}

TEST(StreamFramer, WholeFramesAreNotCopied) {
  const Frame stream = on_the_wire({stun_frame(8), channel_frame(9)});
  StreamFramer framer;
  Bytes input = stream;
  const auto first = framer.next(input);
  ASSERT_TRUE(first && *first);
  EXPECT_EQ((**first).data(), stream.data());
  const auto second = framer.next(input);
  ASSERT_TRUE(second && *second);
  EXPECT_GT((**second).data(), stream.data());
  EXPECT_LT((**second).data(), stream.data() + stream.size());
}

TEST(StreamFramer, HalfAFrameIsCountedAsBuffered) {
  const Frame stream = on_the_wire({channel_frame(100)});
  StreamFramer framer;
  Bytes input = Bytes(stream).first(50);
  ASSERT_TRUE(framer.next(input).ok());
  EXPECT_TRUE(input.empty());
  EXPECT_EQ(framer.buffered(), 50U);
  input = Bytes(stream).subspan(50);
  const auto frame = framer.next(input);
  ASSERT_TRUE(frame && *frame);
  EXPECT_EQ(framer.buffered(), 0U);
}

TEST(StreamFramer, GarbageLosesTheFramingForGood) {
  const std::vector<Frame> garbage{
      {0x80, 0x00, 0x00, 0x00},                          // RTP has no place here.
      {0xc0, 0x00, 0x00, 0x00},                          // No protocol's first bits.
      {0x00, 0x01, 0x00, 0x02},                          // A length that is no multiple of 4.
      {0x00, 0x01, 0x00, 0x00, 0x21, 0x12, 0xa4, 0x43},  // The wrong cookie.
  };
  for (std::size_t i = 0; i < garbage.size(); ++i) {
    StreamFramer framer;
    std::vector<Frame> received;
    EXPECT_FALSE(drain(framer, garbage[i], received)) << i;
    EXPECT_FALSE(drain(framer, stun_frame(0), received)) << i;
    EXPECT_TRUE(received.empty());
  }
}

TEST(StreamFramer, WrongCookieIsSeenBeforeTheFrameIsCollected) {
  StreamFramer framer;
  std::vector<Frame> received;
  EXPECT_TRUE(drain(framer, Frame{0x00, 0x01, 0xff, 0xfc}, received));
  EXPECT_FALSE(drain(framer, Frame{0x21, 0x12, 0xa4, 0x00}, received));
}

// RFC 4571 section 2.
Frame with_lengths(const std::vector<Frame>& packets) {
  Frame stream;
  for (const Frame& packet : packets) {
    stream.push_back(static_cast<std::uint8_t>(packet.size() >> 8));
    stream.push_back(static_cast<std::uint8_t>(packet.size()));
    stream.insert(stream.end(), packet.begin(), packet.end());
  }
  return stream;
}

TEST(LengthPrefix, PacketsOfAnyKindAndSizeComeOutWhereverTheStreamIsCut) {
  const std::vector<Frame> sent{stun_frame(0), Frame(1, 0x80), {}, Frame(300, 0x16), {}, Frame(7, 0xff)};
  const Frame stream = with_lengths(sent);
  for (std::size_t cut = 0; cut <= stream.size(); ++cut) {
    StreamFramer framer(StreamFraming::length_prefix);
    std::vector<Frame> received;
    ASSERT_TRUE(drain(framer, Bytes(stream).first(cut), received));
    ASSERT_TRUE(drain(framer, Bytes(stream).subspan(cut), received));
    ASSERT_EQ(received, sent) << cut;
    EXPECT_EQ(framer.buffered(), 0U);
  }
}

TEST(LengthPrefix, AByteAtATimeWorks) {
  const std::vector<Frame> sent{stun_frame(3), Frame(40, 0x17), {}, stun_frame(0)};
  StreamFramer framer(StreamFraming::length_prefix);
  std::vector<Frame> received;
  for (const std::uint8_t byte : with_lengths(sent)) ASSERT_TRUE(drain(framer, Bytes(&byte, 1), received));
  EXPECT_EQ(received, sent);
}

TEST(LengthPrefix, NothingIsCollectedForAPacketBeyondTheCallersLimit) {
  constexpr std::size_t kLimit = 100;
  for (const std::size_t size : {kLimit - kLengthPrefixSize, kLimit - kLengthPrefixSize + 1}) {
    StreamFramer framer(StreamFraming::length_prefix);
    const Frame stream = with_lengths({Frame(size)});
    Bytes head = Bytes(stream).first(10);
    EXPECT_EQ(framer.next(head, kLimit).ok(), size == kLimit - kLengthPrefixSize);
    EXPECT_LE(framer.buffered(), 10U);
  }
}

TEST(LengthPrefix, WholePacketsAreNotCopied) {
  const Frame stream = with_lengths({stun_frame(8)});
  StreamFramer framer(StreamFraming::length_prefix);
  Bytes input = stream;
  const auto packet = framer.next(input);
  ASSERT_TRUE(packet && *packet);
  EXPECT_EQ((**packet).data(), stream.data() + kLengthPrefixSize);
}

}  // namespace
}  // namespace porthole::wire
