// Session descriptions (RFC 8866): a strict, bounded reader whose result borrows the text, and what it takes
// to write one. Also reads the fragments that ICE trickles (RFC 8840).
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace porthole::sdp {

// Chromium's longest offers have about 10 KiB, 400 lines and 3 m-lines.
constexpr std::size_t kMaxSdpBytes = 64 * 1024;
constexpr std::size_t kMaxLineBytes = 1024;
constexpr std::size_t kMaxLines = 2000;
constexpr std::size_t kMaxMedia = 16;
constexpr std::size_t kMaxFormats = 128;  // per m-line: RTP has no more payload types

enum class ParseError : std::uint8_t {
  too_large,
  line_too_long,
  too_many_lines,
  too_many_media,
  too_many_formats,
  bad_character,   // A control character other than tab.
  bad_line,        // Not "x=…" with a small letter.
  bad_version,     // Does not begin with "v=0".
  missing_line,    // Without one of the o=, s= and t= lines that RFC 8866 section 5 demands.
  bad_media_line,  // An m-line not of the form "kind port protocol format…".
  bad_attribute,   // An a-line without a name.
};

// A sentence for people. Static storage.
std::string_view describe(ParseError error);

enum class Direction : std::uint8_t { sendrecv, sendonly, recvonly, inactive };

std::string_view to_string(Direction direction);

// "a=name:value" or "a=name". Borrows.
struct Attribute {
  std::string_view name;
  std::string_view value;  // Empty when there is none.
};

using Attributes = std::vector<Attribute>;

// The first attribute of that name. Names are case-sensitive (RFC 8866 section 5.13).
std::optional<std::string_view> find(const Attributes& attributes, std::string_view name);

// "a=rtpmap:96 VP8/90000". Borrows.
struct RtpMap {
  std::uint8_t payload_type = 0;
  std::string_view encoding;
  std::uint32_t clock_rate = 0;
};

// "a=extmap:6/recvonly URI" (RFC 8285). Borrows.
struct ExtensionMap {
  std::uint16_t id = 0;
  std::optional<Direction> direction;
  std::string_view uri;
};

// One m-line and what belongs to it. Borrows.
struct Media {
  std::string_view kind;      // "audio", "video", "application", …
  std::uint16_t port = 0;     // 0: rejected, or bundle-only.
  std::string_view protocol;  // "UDP/TLS/RTP/SAVPF", …
  std::vector<std::string_view> formats;
  Attributes attributes;

  std::optional<std::string_view> find(std::string_view name) const { return sdp::find(attributes, name); }
  // RFC 8866 section 6.7.1. nullopt: the m-line does not say.
  std::optional<Direction> direction() const;
  // The format as an RTP payload type with its rtpmap; nullopt when either is missing or malformed.
  std::optional<RtpMap> rtpmap(std::string_view format) const;
  // The value of "a=fmtp:<payload type> "; empty when there is none.
  std::string_view fmtp(std::uint8_t payload_type) const;
  // Whether "a=rtcp-fb:<payload type or *> feedback" is there (RFC 4585 section 4.2).
  bool has_feedback(std::uint8_t payload_type, std::string_view feedback) const;
  std::optional<ExtensionMap> extmap(std::string_view uri) const;
};

struct Session {
  std::vector<std::string_view> origin;  // The fields of the o= line. Unchecked.
  Attributes attributes;                 // Those before the first m-line.
  std::vector<Media> media;

  std::optional<std::string_view> find(std::string_view name) const { return sdp::find(attributes, name); }
};

// Borrows `text`. Lines end in CRLF or LF. Types of lines that mean nothing here are skipped, whatever their
// order.
[[nodiscard]] Result<Session, ParseError> parse(std::string_view text);

// The same for application/trickle-ice-sdpfrag: attribute and m-lines only (RFC 8840 section 9.2), so that
// nothing is missing when v=, o=, s= and t= are.
[[nodiscard]] Result<Session, ParseError> parse_fragment(std::string_view text);

// The value of `name` in "a=1;b=2" (RFC 6184 section 8.1 and others): names compare without case, spaces
// around them do not count. nullopt when it is not there.
std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name);

// The words of a text between single or several spaces. Borrows.
std::vector<std::string_view> words(std::string_view text);

// RFC 8866 section 9 "token", at most `longest` characters.
bool is_token(std::string_view text, std::size_t longest);

// A decimal number without sign or surroundings.
std::optional<std::uint64_t> number(std::string_view text, std::uint64_t largest);

// Appends the pieces and CRLF.
void append_line(std::string& sdp, std::initializer_list<std::string_view> pieces);

}  // namespace porthole::sdp
