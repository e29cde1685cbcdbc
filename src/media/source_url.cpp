#include "media/source_url.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>

#include "media/ffmpeg_ptr.hpp"

namespace porthole::media {
namespace {

using Kind = SourceUrl::Kind;

constexpr std::string_view kLiveSchemes[] = {"rtsp", "rtsps", "rtmp", "rtmps", "rtmpt", "rtmpe",
                                             "srt",  "rtp",   "udp",  "tcp",   "rist"};
constexpr std::string_view kHidden = "***";

std::string_view scheme_of(std::string_view url) {
  const std::size_t end = url.find("://");
  return end == std::string_view::npos ? std::string_view{} : url.substr(0, end);
}

// "a=1&b=2"
std::map<std::string, std::string> parse_options(std::string_view query) {
  std::map<std::string, std::string> options;
  while (!query.empty()) {
    const std::string_view entry = query.substr(0, query.find('&'));
    const std::size_t equals = entry.find('=');
    if (equals != std::string_view::npos) options.emplace(entry.substr(0, equals), entry.substr(equals + 1));
    query.remove_prefix(std::min(query.size(), entry.size() + 1));
  }
  return options;
}

SourceUrl camera(std::string_view device) {
  const std::size_t question = device.find('?');
  SourceUrl url{Kind::camera, std::string(device.substr(0, question)), {}};
  if (question != std::string_view::npos) url.options = parse_options(device.substr(question + 1));
  return url;
}

struct Secret {
  std::size_t at = 0;
  std::size_t size = 0;
};

// The password in "scheme://user:password@host", or the value of "passphrase=" (srt).
std::optional<Secret> find_secret(std::string_view url) {
  const std::size_t host = url.find("://");
  if (host == std::string_view::npos) return std::nullopt;
  const std::size_t authority = host + 3;
  const std::size_t end = std::min(url.size(), url.find_first_of("/?", authority));
  const std::size_t at = url.substr(0, end).rfind('@');
  const std::size_t colon = url.find(':', authority);
  if (at != std::string_view::npos && colon < at) return Secret{colon + 1, at - colon - 1};
  constexpr std::string_view kPassphrase = "passphrase=";
  const std::size_t key = url.find(kPassphrase);
  if (key == std::string_view::npos) return std::nullopt;
  const std::size_t value = key + kPassphrase.size();
  return Secret{value, std::min(url.size(), url.find('&', value)) - value};
}

struct Advice {
  int code;
  std::string_view text;
};

constexpr std::array kFileAdvice{
    Advice{AVERROR(ENOENT), "check the path"},
    Advice{AVERROR(EACCES), "let this user read the file"},
    Advice{AVERROR(EISDIR), "name a file inside it"},
    Advice{AVERROR_INVALIDDATA, "this is no video file that FFmpeg knows; try to play it with ffplay"},
    Advice{AVERROR_PROTOCOL_NOT_FOUND,
           "use a file path, test-pattern:, rtsp://, rtmp://, srt://, http:// or /dev/video0"},
};

constexpr std::array kCameraAdvice{
    Advice{AVERROR(ENOENT), "connect the camera, or choose one of: ls /dev/video*"},
    Advice{AVERROR(ENODEV), "connect the camera, or choose one of: ls /dev/video*"},
    Advice{AVERROR(EACCES), "add this user to the group video"},
    Advice{AVERROR(EBUSY), "close the program that uses the camera"},
    Advice{AVERROR(EINVAL), "see what it offers: ffmpeg -f v4l2 -list_formats all -i DEVICE"},
};

constexpr std::array kNetworkAdvice{
    Advice{AVERROR(ECONNREFUSED), "check that the server is up and the port is right"},
    Advice{AVERROR(ETIMEDOUT), "the server does not answer: check address, port and firewall"},
    Advice{AVERROR_EXIT, "the server does not answer: check address, port and firewall"},
    Advice{AVERROR(EIO), "no connection: check that the server is up, and address, port and options"},
    Advice{AVERROR(EHOSTUNREACH), "check the address and the network"},
    Advice{AVERROR(ENETUNREACH), "check the address and the network"},
    Advice{AVERROR_HTTP_UNAUTHORIZED, "put user name and password into the URL: scheme://user:password@host"},
    Advice{AVERROR_HTTP_FORBIDDEN, "check user name and password in the URL"},
    Advice{AVERROR_HTTP_NOT_FOUND, "check the path in the URL"},
    Advice{AVERROR_INVALIDDATA, "what answers there is no video stream: check port and path"},
    Advice{AVERROR_PROTOCOL_NOT_FOUND,
           "this FFmpeg does not know the protocol; rtsp, rtmp, srt and http work"},
};

template <std::size_t N>
std::string_view find_advice(const std::array<Advice, N>& table, int code, std::string_view otherwise) {
  const auto advice = std::ranges::find(table, code, &Advice::code);
  return advice == table.end() ? otherwise : advice->text;
}

std::string_view advice_for(Kind kind, int code) {
  if (kind == Kind::camera) return find_advice(kCameraAdvice, code, "check the device");
  if (kind == Kind::file) return find_advice(kFileAdvice, code, "check the file");
  return find_advice(kNetworkAdvice, code, "check the URL");
}

}  // namespace

SourceUrl SourceUrl::parse(std::string_view url) {
  if (url == "test-pattern:") return {Kind::test_pattern, std::string(url), {}};
  if (url.starts_with("v4l2:")) return camera(url.substr(5));
  if (url.starts_with("/dev/video")) return camera(url);
  if (url.starts_with("file://")) url.remove_prefix(7);
  const std::string_view scheme = scheme_of(url);
  if (scheme.empty()) return {Kind::file, std::string(url), {}};
  const bool live = std::ranges::find(kLiveSchemes, scheme) != std::end(kLiveSchemes);
  return {live ? Kind::live : Kind::remote, std::string(url), {}};
}

std::string SourceUrl::display() const {
  return redact(target);
}

std::string SourceUrl::redact(std::string text) const {
  const auto secret = find_secret(target);
  if (!secret || secret->size == 0) return text;
  const std::string hidden = target.substr(secret->at, secret->size);
  for (std::size_t at = text.find(hidden); at != std::string::npos; at = text.find(hidden, at)) {
    text.replace(at, hidden.size(), kHidden);
    at += kHidden.size();
  }
  return text;
}

std::string open_error(const SourceUrl& url, int code, const std::string& complaint) {
  std::string reason = code == AVERROR_EXIT ? "no answer in time" : error_text(code);
  // These codes stand for a hundred reasons.
  const bool vague = code == AVERROR_INVALIDDATA || code == AVERROR(EINVAL);
  if (vague && !complaint.empty()) reason += " (" + url.redact(complaint) + ")";
  return "cannot open " + url.display() + ": " + reason + "; " + std::string(advice_for(url.kind, code));
}

}  // namespace porthole::media
