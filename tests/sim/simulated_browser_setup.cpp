// How a simulated browser comes by its session and its sockets: offer, answer, ICE servers, transports.
#include <gtest/gtest.h>

#include <charconv>

#include "simulated_browser.hpp"
#include "support/offers.hpp"
#include "wire/sdp.hpp"

namespace porthole::sim {
namespace {

// Client ports: a NAT gives out any.
constexpr std::uint16_t kFirstPort = 20'000;
constexpr std::uint16_t kPorts = 40'000;

// Every "a=name:" line gets the value.
void set_attribute(std::string& sdp, const std::string& name, const std::string& value) {
  const std::string start = "a=" + name + ":";
  for (std::size_t at = 0; (at = sdp.find(start, at)) != std::string::npos; at += start.size()) {
    const std::size_t from = at + start.size();
    sdp.replace(from, sdp.find("\r\n", from) - from, value);
  }
}

std::uint32_t to_number(std::string_view text) {
  std::uint32_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

// "candidate:1 1 UDP 2130706431 203.0.113.10 8443 typ host", or "… TCP … typ host tcptype passive".
std::optional<SocketAddress> read_candidate(std::string_view value, std::string_view protocol) {
  const auto words = sdp::words(value);
  if (words.size() < 8 || !equal_ignoring_case(words[2], protocol)) return std::nullopt;
  const bool passive = words.size() == 10 && words[8] == "tcptype" && words[9] == "passive";
  if (passive != equal_ignoring_case(protocol, "tcp")) return std::nullopt;
  const auto ip = IpAddress::parse(words[4]);
  if (!ip) return std::nullopt;
  return SocketAddress{*ip, static_cast<std::uint16_t>(to_number(words[5]))};
}

// The text between the quotes of name="…" in a Link header.
std::string quoted(std::string_view link, const std::string& name) {
  const std::size_t at = link.find(name + "=\"");
  if (at == std::string_view::npos) return {};
  const std::size_t from = at + name.size() + 2;
  return std::string(link.substr(from, link.find('"', from) - from));
}

VideoReceiver::Format read_format(const sdp::Media& media) {
  VideoReceiver::Format format;
  for (const std::string_view payload : media.formats) {
    const auto map = media.rtpmap(payload);
    if (!map) continue;
    if (equal_ignoring_case(map->encoding, "rtx")) {
      format.rtx_payload_type = map->payload_type;
      continue;
    }
    format.payload_type = map->payload_type;
    format.codec = equal_ignoring_case(map->encoding, "VP8") ? VideoCodec::vp8 : VideoCodec::h264;
  }
  if (const auto group = media.find("ssrc-group")) {
    const auto words = sdp::words(*group);
    format.ssrc = to_number(words.at(1));
    format.rtx_ssrc = to_number(words.at(2));
  } else if (const auto source = media.find("ssrc")) {
    format.ssrc = to_number(*source);
  }
  return format;
}

}  // namespace

const SocketAddress& SimulatedBrowser::server() const {
  return simulation_.server(options_.ip.family());
}

// libwebrtc: 80 and 443 on addresses that are not private, else nothing below 1024. Nobody has a way from one
// family to the other.
bool SimulatedBrowser::takes_candidate(const SocketAddress& candidate) const {
  if (candidate.ip.family() != options_.ip.family()) return false;
  if (options_.engine == Engine::firefox || candidate.port >= 1024) return true;
  return (candidate.port == 80 || candidate.port == 443) && !candidate.ip.is_private();
}

HttpRequest SimulatedBrowser::request(std::string method, std::string path) const {
  HttpRequest made;
  made.method = std::move(method);
  made.path = std::move(path);
  made.headers.emplace_back("Host", server().to_string());
  made.via = {Transport::tcp, server(), {options_.ip, kFirstPort - 1}, ConnectionId{~std::uint64_t{0}}};
  return made;
}

std::string SimulatedBrowser::make_offer() {
  std::string name = options_.offer;
  if (name.empty()) name = options_.engine == Engine::chromium ? "chromium-156-video" : "firefox-153-video";
  std::string offer = test::load_offer(name);
  local_ = {random_.token(options_.engine == Engine::chromium ? 4 : 8), random_.token(24)};
  set_attribute(offer, "ice-ufrag", local_.ufrag);
  set_attribute(offer, "ice-pwd", local_.pwd);
  set_attribute(offer, "fingerprint", fingerprint_);
  if (!options_.setup.empty()) set_attribute(offer, "setup", options_.setup);
  return offer;
}

void SimulatedBrowser::read_answer(const std::string& answer) {
  const auto session = sdp::parse(answer);
  ASSERT_TRUE(session.ok());
  for (const sdp::Media& media : session->media) {
    if (media.kind != "video" || media.port == 0 || media.direction() != sdp::Direction::sendonly) continue;
    remote_ = {std::string(media.find("ice-ufrag").value_or("")),
               std::string(media.find("ice-pwd").value_or(""))};
    remote_fingerprint_ = media.find("fingerprint").value_or("");
    server_is_dtls_client_ = media.find("setup") == "active";
    format_ = read_format(media);
    for (const sdp::Attribute& attribute : media.attributes) {
      if (attribute.name != "candidate") continue;
      const auto udp = read_candidate(attribute.value, "udp");
      const auto tcp = read_candidate(attribute.value, "tcp");
      if (udp && takes_candidate(*udp)) candidates_.push_back(*udp);
      if (tcp && takes_candidate(*tcp)) tcp_candidates_.push_back(*tcp);
    }
  }
  EXPECT_FALSE(candidates_.empty());
  EXPECT_NE(format_.ssrc, 0U);
}

void SimulatedBrowser::read_ice_server(std::string_view link) {
  if (link.empty()) return;
  EXPECT_TRUE(link.starts_with("<turn:" + server().to_string()));
  turn_credentials_ = turn::Credentials{quoted(link, "username"), quoted(link, "credential")};
  if (options_.forgets_turn_password) turn_credentials_->password = "forgotten";
  start_turn(link.find("transport=udp") == std::string_view::npos ? "tcp" : "udp");
}

void SimulatedBrowser::start_turn(const std::string& transport) {
  const auto port = static_cast<std::uint16_t>(kFirstPort + random_.u32() % kPorts);
  turn_address_ = {options_.ip, port};
  const bool tcp = transport == "tcp";
  const bool firefox = options_.engine == Engine::firefox;
  TurnClient::Wires wires;
  if (tcp) {
    turn_tcp_ =
        simulation_.network().open_stream(turn_address_, server(), options_.link, [this](Bytes bytes) {
          if (!silent_) turn_->handle_stream(bytes, simulation_.now());
          schedule();
        });
    wires.transmit = [this](Bytes bytes) {
      if (on_sent) on_sent(bytes);
      simulation_.network().send_stream(*turn_tcp_, bytes);
    };
  } else {
    turn_udp_ = simulation_.network().open_udp(turn_address_, options_.link, [this](Bytes bytes) {
      if (!silent_) turn_->handle_datagram(bytes, simulation_.now());
      schedule();
    });
    wires.transmit = [this](Bytes bytes) {
      if (on_sent) on_sent(bytes);
      simulation_.network().send_udp(turn_udp_, server(), bytes);
    };
  }
  wires.data = [this](const SocketAddress& peer, Bytes data) { on_packet({true, peer}, data); };
  turn_ = std::make_unique<TurnClient>(TurnClient::Options{*turn_credentials_, tcp, firefox, firefox},
                                       std::move(wires), random_);
  turn_->start(simulation_.now());
}

void SimulatedBrowser::open_direct() {
  if (!options_.path.empty() && options_.path != "direct") return;
  const auto port = static_cast<std::uint16_t>(kFirstPort + random_.u32() % kPorts);
  direct_address_ = {options_.ip, port};
  // The server's address is what tells pairs apart; one socket serves them all, as here there is one.
  direct_ = simulation_.network().open_udp(direct_address_, options_.link, [this](Bytes bytes) {
    on_packet({false, candidates_.front()}, bytes);
  });
}

void SimulatedBrowser::open_ice_tcp() {
  if (!options_.path.empty() && options_.path != "ice-tcp") return;
  if (tcp_candidates_.empty()) return;
  tcp_address_ = {options_.ip, static_cast<std::uint16_t>(kFirstPort + random_.u32() % kPorts)};
  ice_tcp_ = simulation_.network().open_stream(tcp_address_, tcp_candidates_.front(), options_.link,
                                               [this](Bytes bytes) { on_ice_tcp(bytes); });
}

// RFC 4571.
void SimulatedBrowser::on_ice_tcp(Bytes bytes) {
  unread_.insert(unread_.end(), bytes.begin(), bytes.end());
  while (unread_.size() >= 2 && unread_.size() >= 2U + load_u16(unread_.data())) {
    const auto end = unread_.begin() + 2 + load_u16(unread_.data());
    const Buffer packet(unread_.begin() + 2, end);
    unread_.erase(unread_.begin(), end);
    on_packet({.remote = ice_tcp_->local, .tcp = true}, packet);
  }
}

void SimulatedBrowser::close_sockets() {
  VirtualNetwork& network = simulation_.network();
  network.close_udp(std::exchange(direct_, SocketId::none));
  network.close_udp(std::exchange(turn_udp_, SocketId::none));
  for (auto* stream : {&turn_tcp_, &ice_tcp_}) {
    if (*stream) network.close_stream(*std::exchange(*stream, std::nullopt));
  }
}

void SimulatedBrowser::send(const IcePair& pair, Bytes bytes) {
  if (silent_) return;
  if (pair.relayed) {
    if (turn_ != nullptr) turn_->send(pair.remote, bytes, simulation_.now());
    return;
  }
  if (on_sent) on_sent(bytes);
  if (!pair.tcp) return simulation_.network().send_udp(direct_, pair.remote, bytes);
  Buffer framed{static_cast<std::uint8_t>(bytes.size() >> 8), static_cast<std::uint8_t>(bytes.size())};
  framed.insert(framed.end(), bytes.begin(), bytes.end());
  if (ice_tcp_) simulation_.network().send_stream(*ice_tcp_, framed);
}

void SimulatedBrowser::rebind_nat() {
  const auto port = static_cast<std::uint16_t>(kFirstPort + random_.u32() % kPorts);
  direct_address_ = {simulation_.new_client_ip(), port};
  simulation_.network().rebind(direct_, direct_address_);
}

void SimulatedBrowser::restart_ice(Network network) {
  local_ = {random_.token(4), random_.token(24)};
  auto patch = request("PATCH", location_);
  patch.headers.emplace_back("Content-Type", "application/trickle-ice-sdpfrag");
  patch.headers.emplace_back("If-Match", etag_);
  patch.body = "a=ice-ufrag:" + local_.ufrag + "\r\na=ice-pwd:" + local_.pwd + "\r\n";
  if (network == Network::changed) rebind_nat();
  later(options_.link.delay, [this, patch = std::move(patch)] {
    const HttpResponse response = simulation_.http(patch);
    later(options_.link.delay, [this, response] { on_restarted(response); });
  });
}

void SimulatedBrowser::on_restarted(const HttpResponse& response) {
  ASSERT_EQ(response.status, 200) << response.body;
  etag_ = find_header(response.headers, "ETag");
  const auto fragment = sdp::parse_fragment(response.body);
  ASSERT_TRUE(fragment.ok());
  const auto find = [&fragment](std::string_view name) {
    auto found = fragment->find(name);
    for (const sdp::Media& media : fragment->media) found = found ? found : media.find(name);
    return std::string(found.value_or(""));
  };
  remote_ = {find("ice-ufrag"), find("ice-pwd")};
  ice_->set_credentials(local_, remote_, simulation_.now());
  schedule();
}

}  // namespace porthole::sim
