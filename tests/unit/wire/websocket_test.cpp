#include "wire/websocket.hpp"

#include <gtest/gtest.h>

#include <string>

namespace porthole::wire {
namespace {

using Opcode = WebSocketOpcode;
using Close = WebSocketClose;

// One frame as a client sends it; `first` and `length` may be what no client may say.
std::string frame(std::uint8_t first, std::string_view payload, bool masked = true) {
  std::string bytes{static_cast<char>(first)};
  const int mask_bit = masked ? 0x80 : 0;
  if (payload.size() < 126) {
    bytes += static_cast<char>(mask_bit | static_cast<int>(payload.size()));
  } else {
    bytes += static_cast<char>(mask_bit | 126);
    bytes += static_cast<char>(payload.size() >> 8);
    bytes += static_cast<char>(payload.size());
  }
  const std::string mask = "\x12\x34\x56\x78";
  if (masked) bytes += mask;
  for (std::size_t i = 0; i < payload.size(); ++i) {
    bytes += static_cast<char>(masked ? payload[i] ^ mask[i % 4] : payload[i]);
  }
  return bytes;
}

constexpr std::uint8_t kText = 0x81;
constexpr std::uint8_t kFirstOfText = 0x01;
constexpr std::uint8_t kMoreOfText = 0x00;
constexpr std::uint8_t kRestOfText = 0x80;
constexpr std::uint8_t kClose = 0x88;
constexpr std::uint8_t kPing = 0x89;

// All messages in it as "opcode payload", and how it ended: "" or the code.
struct Heard {
  std::vector<std::string> messages;
  std::optional<Close> error;

  void read(WebSocketReader& reader, std::string_view text) {
    Bytes bytes = as_bytes(text);
    while (!error) {
      const auto message = reader.next(bytes);
      if (!message) {
        error = message.error();
      } else if (!*message) {
        EXPECT_TRUE(bytes.empty());
        return;
      } else {
        messages.push_back(std::to_string(static_cast<int>((*message)->opcode)) + " " +
                           std::string(as_text((*message)->payload)));
      }
    }
  }
};

Heard hear(std::string_view text) {
  WebSocketReader reader;
  Heard heard;
  heard.read(reader, text);
  return heard;
}

std::optional<Close> error_of(std::string_view text) {
  return hear(text).error;
}

TEST(WebSocket, AcceptsTheKeyOfTheRfcsExample) {
  EXPECT_EQ(websocket_accept("dGhlIHNhbXBsZSBub25jZQ=="), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  EXPECT_FALSE(websocket_accept(""));
  EXPECT_FALSE(websocket_accept("dGhlIHNhbXBsZSBub25jZQ"));
  EXPECT_FALSE(websocket_accept("dGhlIHNhbXBsZSBub25jZSE="));
}

TEST(WebSocket, WritesEachLengthInItsShortestForm) {
  const auto header = [](std::size_t size) {
    const auto bytes = write_websocket_frame(Opcode::binary, std::vector<std::uint8_t>(size));
    return std::vector<int>(bytes.begin(), bytes.end() - static_cast<std::ptrdiff_t>(size));
  };
  EXPECT_EQ(header(125), (std::vector<int>{0x82, 125}));
  EXPECT_EQ(header(126), (std::vector<int>{0x82, 126, 0, 126}));
  EXPECT_EQ(header(65'535), (std::vector<int>{0x82, 126, 0xff, 0xff}));
  EXPECT_EQ(header(65'536), (std::vector<int>{0x82, 127, 0, 0, 0, 0, 0, 1, 0, 0}));
  EXPECT_EQ(write_websocket_close(Close::going_away), (std::vector<std::uint8_t>{0x88, 2, 0x03, 0xe9}));
}

TEST(WebSocket, UnmasksTheRfcsExample) {
  EXPECT_EQ(hear("\x81\x85\x37\xfa\x21\x3d\x7f\x9f\x4d\x51\x58").messages,
            std::vector<std::string>{"1 Hello"});
}

TEST(WebSocket, ReadsTheSameHoweverItIsCut) {
  const std::string stream = frame(kFirstOfText, "one ") + frame(kPing, "are you there") +
                             frame(kMoreOfText, "two ") + frame(kRestOfText, "three") + frame(kText, "") +
                             frame(kText, std::string(300, 'x')) +
                             frame(kClose, std::string("\x03\xe8"
                                                       "bye"));
  const Heard whole = hear(stream);
  EXPECT_EQ(whole.messages, (std::vector<std::string>{"9 are you there", "1 one two three", "1 ",
                                                      "1 " + std::string(300, 'x'),
                                                      std::string("8 \x03\xe8"
                                                                  "bye")}));
  WebSocketReader reader;
  Heard crumbs;
  for (const char byte : stream) crumbs.read(reader, {&byte, 1});
  EXPECT_EQ(crumbs.messages, whole.messages);
  EXPECT_FALSE(crumbs.error);
}

TEST(WebSocket, WhatAClientMayNotSayIsAProtocolError) {
  EXPECT_EQ(error_of(frame(kText, "bare", false)), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kText | 0x40, "deflated")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(0x83, "unknown")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(0x8b, "unknown control")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kPing & 0x7f, "in parts")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kRestOfText, "of nothing")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kFirstOfText, "a") + frame(kText, "b")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kText, "a") + frame(kRestOfText, "b")), Close::protocol_error);
  EXPECT_EQ(error_of(std::string("\x81\xfe\x00\x7d", 4) + std::string(4, 'm')), Close::protocol_error);
}

TEST(WebSocket, ACloseSaysNothingOrAProperCode) {
  EXPECT_FALSE(error_of(frame(kClose, "")));
  EXPECT_FALSE(error_of(frame(kClose, "\x0f\xa0")));
  EXPECT_EQ(error_of(frame(kClose, "\x03")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kClose, "\x03\xed")), Close::protocol_error);
  EXPECT_EQ(error_of(frame(kClose, "\x03\xe8\xff")), Close::invalid_text);
}

TEST(WebSocket, ControlFramesEndAt125Bytes) {
  EXPECT_FALSE(error_of(frame(kPing, std::string(125, 'x'))));
  EXPECT_EQ(error_of(frame(kPing, std::string(126, 'x'))), Close::protocol_error);
}

TEST(WebSocket, MessagesEndAt1024BytesOverAllTheirFrames) {
  const std::string half(512, 'x');
  EXPECT_FALSE(error_of(frame(kText, half + half)));
  EXPECT_EQ(error_of(frame(kText, half + half + "x")), Close::too_big);
  EXPECT_FALSE(error_of(frame(kFirstOfText, half) + frame(kRestOfText, half)));
  EXPECT_EQ(error_of(frame(kFirstOfText, half) + frame(kRestOfText, half + "x")), Close::too_big);
  // As soon as it is announced.
  EXPECT_EQ(error_of(std::string("\x81\xff\x7f", 3) + std::string(7, '\xff') + "mask"), Close::too_big);
}

TEST(WebSocket, OnlyTextIsHeard) {
  EXPECT_EQ(error_of(frame(0x82, "bytes")), Close::unsupported_data);
}

TEST(WebSocket, TextIsUtf8) {
  for (const char* good :
       {"\xc2\x80", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_FALSE(error_of(frame(kText, good))) << good;
  }
  for (const char* bad : {"\x80", "\xc1\x80", "\xc2", "\xe0\x9f\x80", "\xed\xa0\x80", "\xf0\x8f\x80\x80",
                          "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_EQ(error_of(frame(kText, bad)), Close::invalid_text);
  }
  // A character may be cut in two by frames.
  EXPECT_FALSE(error_of(frame(kFirstOfText, "\xc3") + frame(kRestOfText, "\xa9")));
}

TEST(WebSocket, AfterAnErrorNothingIsHeard) {
  WebSocketReader reader;
  Heard heard;
  heard.read(reader, frame(kText, "bare", false));
  heard.error.reset();
  heard.read(reader, frame(kText, "once more"));
  EXPECT_EQ(heard.error, Close::protocol_error);
  EXPECT_TRUE(heard.messages.empty());
}

}  // namespace
}  // namespace porthole::wire
