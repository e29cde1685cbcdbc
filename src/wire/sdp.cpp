#include "wire/sdp.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace porthole::sdp {
namespace {

constexpr std::array<std::string_view, 4> kDirections = {"sendrecv", "sendonly", "recvonly", "inactive"};

std::optional<Direction> parse_direction(std::string_view text) {
  const auto at = std::ranges::find(kDirections, text);
  if (at == kDirections.end()) return std::nullopt;
  return static_cast<Direction>(at - kDirections.begin());
}

bool equal_without_case(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::ranges::equal(a, b, {}, lower, lower);
}

// Splits at the first separator; without one everything is first.
struct Halves {
  std::string_view first;
  std::string_view second;
};
Halves split(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return {text, {}};
  return {text.substr(0, at), text.substr(at + 1)};
}

std::string_view trim(std::string_view text) {
  const std::size_t first = text.find_first_not_of(' ');
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(' ') - first + 1);
}

bool has_control_character(std::string_view line) {
  return std::ranges::any_of(line, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

// What every line must be, whatever it says.
std::optional<ParseError> check_line(std::string_view line) {
  if (line.size() > kMaxLineBytes) return ParseError::line_too_long;
  if (has_control_character(line)) return ParseError::bad_character;
  if (line.size() < 2 || line[1] != '=' || line[0] < 'a' || line[0] > 'z') return ParseError::bad_line;
  return std::nullopt;
}

// "video 9 UDP/TLS/RTP/SAVPF 96 97"; the port may carry a count, "9/2" (RFC 8866 section 5.14).
Result<Media, ParseError> parse_media_line(std::string_view value) {
  std::vector<std::string_view> fields = words(value);
  if (fields.size() < 4) return fail(ParseError::bad_media_line);
  if (fields.size() - 3 > kMaxFormats) return fail(ParseError::too_many_formats);
  const auto port = number(split(fields[1], '/').first, 65'535);
  if (!port || !is_token(fields[0], kMaxLineBytes)) return fail(ParseError::bad_media_line);
  return Media{.kind = fields[0],
               .port = static_cast<std::uint16_t>(*port),
               .protocol = fields[2],
               .formats = {fields.begin() + 3, fields.end()},
               .attributes = {}};
}

// Reads line after line into a session.
class Parser {
 public:
  Result<Session, ParseError> run(std::string_view text, bool fragment) {
    if (text.size() > kMaxSdpBytes) return fail(ParseError::too_large);
    std::size_t lines = 0;
    while (!text.empty()) {
      const auto [raw, rest] = split(text, '\n');
      text = rest;
      const std::string_view line = raw.ends_with('\r') ? raw.substr(0, raw.size() - 1) : raw;
      if (++lines > kMaxLines) return fail(ParseError::too_many_lines);
      if (line.empty() && text.empty()) break;  // A blank line at the end is a common slip.
      if (const auto error = check_line(line)) return fail(*error);
      if (!fragment && lines == 1 && line != "v=0") return fail(ParseError::bad_version);
      if (const auto error = take(line[0], line.substr(2))) return fail(*error);
    }
    if (!fragment && lines == 0) return fail(ParseError::bad_version);
    if (!fragment && !(has_origin_ && has_name_ && has_time_)) return fail(ParseError::missing_line);
    return std::move(session_);
  }

 private:
  std::optional<ParseError> take(char type, std::string_view value) {
    switch (type) {
      case 'o':
        has_origin_ = true;
        session_.origin = words(value);
        return std::nullopt;
      case 's':
        has_name_ = true;
        return std::nullopt;
      case 't':
        has_time_ = true;
        return std::nullopt;
      case 'm':
        return take_media(value);
      case 'a':
        return take_attribute(value);
      default:
        return std::nullopt;
    }
  }

  std::optional<ParseError> take_media(std::string_view value) {
    if (session_.media.size() == kMaxMedia) return ParseError::too_many_media;
    auto media = parse_media_line(value);
    if (!media) return media.error();
    session_.media.push_back(*std::move(media));
    return std::nullopt;
  }

  std::optional<ParseError> take_attribute(std::string_view value) {
    const auto [name, rest] = split(value, ':');
    if (!is_token(name, kMaxLineBytes)) return ParseError::bad_attribute;
    Attributes& attributes = session_.media.empty() ? session_.attributes : session_.media.back().attributes;
    attributes.push_back({name, rest});
    return std::nullopt;
  }

  Session session_;
  bool has_origin_ = false;
  bool has_name_ = false;
  bool has_time_ = false;
};

}  // namespace

std::string_view describe(ParseError error) {
  static constexpr std::array<std::string_view, 11> kTexts = {
      "The session description is larger than 64 KiB.",
      "A line is longer than 1024 bytes.",
      "There are more than 2000 lines.",
      "There are more than 16 m-lines.",
      "An m-line has more than 128 formats.",
      "There is a control character in a line.",
      "A line does not begin with a small letter and '='.",
      "The first line is not v=0.",
      "One of the lines o=, s= and t= is missing.",
      "An m-line is not of the form 'm=kind port protocol format'.",
      "An a-line has no proper attribute name.",
  };
  return kTexts[static_cast<std::size_t>(error)];
}

std::string_view to_string(Direction direction) {
  return kDirections[static_cast<std::size_t>(direction)];
}

std::optional<std::string_view> find(const Attributes& attributes, std::string_view name) {
  const auto at = std::ranges::find(attributes, name, &Attribute::name);
  if (at == attributes.end()) return std::nullopt;
  return at->value;
}

std::optional<Direction> Media::direction() const {
  for (const Attribute& attribute : attributes) {
    if (const auto direction = parse_direction(attribute.name)) return direction;
  }
  return std::nullopt;
}

std::optional<RtpMap> Media::rtpmap(std::string_view format) const {
  const auto payload_type = number(format, 127);
  if (!payload_type) return std::nullopt;
  for (const Attribute& attribute : attributes) {
    if (attribute.name != "rtpmap") continue;
    const auto [type, mapping] = split(attribute.value, ' ');
    if (type != format) continue;
    const auto [encoding, rates] = split(trim(mapping), '/');
    const auto clock_rate = number(split(rates, '/').first, 0xFFFF'FFFF);
    if (!clock_rate || encoding.empty()) return std::nullopt;
    return RtpMap{static_cast<std::uint8_t>(*payload_type), encoding,
                  static_cast<std::uint32_t>(*clock_rate)};
  }
  return std::nullopt;
}

std::string_view Media::fmtp(std::uint8_t payload_type) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name != "fmtp") continue;
    const auto [type, parameters] = split(attribute.value, ' ');
    if (number(type, 127) == payload_type) return parameters;
  }
  return {};
}

bool Media::has_feedback(std::uint8_t payload_type, std::string_view feedback) const {
  return std::ranges::any_of(attributes, [&](const Attribute& attribute) {
    if (attribute.name != "rtcp-fb") return false;
    const auto [type, value] = split(attribute.value, ' ');
    return (type == "*" || number(type, 127) == payload_type) && trim(value) == feedback;
  });
}

std::optional<ExtensionMap> Media::extmap(std::string_view uri) const {
  for (const Attribute& attribute : attributes) {
    if (attribute.name != "extmap") continue;
    const std::vector<std::string_view> fields = words(attribute.value);
    if (fields.size() < 2 || fields[1] != uri) continue;
    const auto [id_text, direction_text] = split(fields[0], '/');
    const auto id = number(id_text, 0xFFFF);
    const auto direction = parse_direction(direction_text);
    if (!id || (!direction && !direction_text.empty())) continue;
    return ExtensionMap{static_cast<std::uint16_t>(*id), direction, fields[1]};
  }
  return std::nullopt;
}

Result<Session, ParseError> parse(std::string_view text) {
  return Parser().run(text, false);
}

Result<Session, ParseError> parse_fragment(std::string_view text) {
  return Parser().run(text, true);
}

std::optional<std::string_view> fmtp_parameter(std::string_view fmtp, std::string_view name) {
  while (!fmtp.empty()) {
    const auto [parameter, rest] = split(fmtp, ';');
    fmtp = rest;
    const auto [key, value] = split(parameter, '=');
    if (equal_without_case(trim(key), name)) return trim(value);
  }
  return std::nullopt;
}

std::vector<std::string_view> words(std::string_view text) {
  std::vector<std::string_view> found;
  while (!(text = trim(text)).empty()) {
    const auto [word, rest] = split(text, ' ');
    found.push_back(word);
    text = rest;
  }
  return found;
}

bool is_token(std::string_view text, std::size_t longest) {
  static constexpr std::string_view kOthers = "!#$%&'*+-.^_`{|}~";
  return !text.empty() && text.size() <= longest && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           kOthers.find(c) != std::string_view::npos;
  });
}

std::optional<std::uint64_t> number(std::string_view text, std::uint64_t largest) {
  std::uint64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc() || stopped != end || value > largest) return std::nullopt;
  return value;
}

void append_line(std::string& sdp, std::initializer_list<std::string_view> pieces) {
  for (const std::string_view piece : pieces) sdp += piece;
  sdp += "\r\n";
}

}  // namespace porthole::sdp
