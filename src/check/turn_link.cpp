#include "check/turn_link.hpp"

#include <optional>

namespace porthole::check {
namespace {

// RFC 7065 section 3.1.
constexpr std::uint16_t kTurnPort = 3478;
constexpr std::uint16_t kTurnsPort = 5349;

// Reads a header's value from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}

  bool done() const { return text_.empty(); }
  bool take(char wanted) {
    skip_spaces();
    if (text_.empty() || text_[0] != wanted) return false;
    text_.remove_prefix(1);
    return true;
  }
  // Up to a character of `ends`, which stays.
  std::string_view until(std::string_view ends) {
    skip_spaces();
    const std::string_view found = text_.substr(0, text_.find_first_of(ends));
    text_.remove_prefix(found.size());
    return found;
  }
  // RFC 9110 section 5.6.4, or a token.
  std::string value() {
    if (!take('"')) return std::string(until(" ;,"));
    std::string made;
    for (; !text_.empty() && text_[0] != '"'; text_.remove_prefix(1)) {
      if (text_[0] == '\\' && text_.size() > 1) text_.remove_prefix(1);
      made += text_[0];
    }
    take('"');
    return made;
  }

 private:
  void skip_spaces() {
    while (!text_.empty() && (text_[0] == ' ' || text_[0] == '\t')) text_.remove_prefix(1);
  }

  std::string_view text_;
};

// "turn:HOST:PORT?transport=tcp"
std::optional<TurnLink> parse_turn_url(std::string_view url) {
  TurnLink link;
  link.secure = url.starts_with("turns:");
  if (!link.secure && !url.starts_with("turn:")) return std::nullopt;
  url.remove_prefix(url.find(':') + 1);
  const std::string_view place = url.substr(0, url.find('?'));
  const std::string_view query = url.substr(place.size());
  if (!query.empty() && query != "?transport=udp" && query != "?transport=tcp") return std::nullopt;
  const auto parsed = parse_host_port(place);
  if (!parsed) return std::nullopt;
  link.udp = query.empty() ? !link.secure : query.ends_with("udp");
  link.host = parsed->host;
  link.port = parsed->port.value_or(link.secure ? kTurnsPort : kTurnPort);
  return link;
}

void take_parameter(Reader& reader, TurnLink& link, bool& is_ice_server) {
  const std::string_view name = reader.until("=;,");
  const std::string value = reader.take('=') ? reader.value() : "";
  if (name == "rel") is_ice_server = value == "ice-server";
  if (name == "username") link.username = value;
  if (name == "credential") link.credential = value;
}

}  // namespace

void append_turn_links(std::string_view header, std::vector<TurnLink>& links) {
  Reader reader(header);
  while (links.size() < kMaxTurnLinks && reader.take('<')) {
    auto link = parse_turn_url(reader.until(">"));
    reader.take('>');
    TurnLink read = link.value_or(TurnLink{});
    bool is_ice_server = false;
    while (reader.take(';')) take_parameter(reader, read, is_ice_server);
    const bool fits =
        read.username.size() <= kMaxTurnCredential && read.credential.size() <= kMaxTurnCredential;
    if (link && is_ice_server && fits) links.push_back(std::move(read));
    if (!reader.take(',')) return;
  }
}

}  // namespace porthole::check
