#include "load/whep.hpp"

#include <utility>

namespace porthole::load {
namespace {

constexpr int kCreated = 201;

// Of a Location header, which may be a whole URL.
std::string path_of(std::string_view location) {
  const std::size_t scheme = location.find("://");
  if (scheme == std::string_view::npos) return std::string(location);
  const std::size_t slash = location.find('/', scheme + 3);
  return std::string(location.substr(std::min(slash, location.size())));
}

std::string refusal(const HttpAnswer& answer) {
  constexpr std::size_t kEnough = 120;
  const std::string_view text = std::string_view(answer.body).substr(0, kEnough);
  return "HTTP " + std::to_string(answer.status) + (text.empty() ? "" : ": " + std::string(text));
}

}  // namespace

Whep::Whep(Poller& poller, Endpoint endpoint, std::string offer, SignallingEvents& events)
    : endpoint_(std::move(endpoint)), poller_(poller), events_(events), offer_(std::move(offer)) {}

void Whep::begin() {
  exchange_ = std::make_unique<HttpExchange>(
      poller_, endpoint_.address,
      http_request("POST", endpoint_.target, endpoint_.address, "application/sdp", offer_),
      [this](const Result<HttpAnswer, std::string>& answer) { take(answer); });
  offer_ = {};
}

void Whep::take(const Result<HttpAnswer, std::string>& answer) {
  if (!answer) return events_.signalling_failed(answer.error());
  if (answer->status != kCreated) return events_.signalling_failed(refusal(*answer));
  session_ = path_of(answer->header("Location"));
  auto description = read_description(answer->body);
  if (!description) return events_.signalling_failed(description.error());
  for (const auto& [name, value] : answer->headers) {
    if (name == "Link" || name == "link") check::append_turn_links(value, description->servers);
  }
  events_.described(*description);
}

void Whep::end() {
  if (session_.empty()) return events_.signalling_ended();
  exchange_ = std::make_unique<HttpExchange>(
      poller_, endpoint_.address, http_request("DELETE", session_, endpoint_.address, "", ""),
      [this](const Result<HttpAnswer, std::string>&) { events_.signalling_ended(); });
  session_.clear();
}

}  // namespace porthole::load
