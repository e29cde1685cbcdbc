#include "simulated_browser.hpp"

#include <gtest/gtest.h>

#include <array>

#include "wire/first_bytes.hpp"

namespace porthole::sim {
namespace {

// How long a browser that leaves keeps its sockets, so that goodbyes arrive.
constexpr Duration kLinger = 500ms;

std::string random_fingerprint(Random& random) {
  std::string text = "sha-256 ";
  for (int i = 0; i < 32; ++i) {
    constexpr std::string_view kDigits = "0123456789ABCDEF";
    const std::uint32_t byte = random.u32() & 0xFF;
    if (i > 0) text += ':';
    text += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return text;
}

}  // namespace

SimulatedBrowser::SimulatedBrowser(Simulation& simulation, Options options)
    : simulation_(simulation),
      options_(std::move(options)),
      random_(simulation.random().u64()),
      alarm_(simulation.scheduler(), [this] { wake(); }) {
  if (options_.ip.is_unspecified()) options_.ip = simulation_.new_client_ip();
  fingerprint_ = random_fingerprint(random_);
}

SimulatedBrowser::~SimulatedBrowser() {
  *alive_ = false;
  close_sockets();
}

void SimulatedBrowser::join() {
  auto offer = std::make_shared<HttpRequest>(request("POST", std::string("/whep/") + Simulation::kBroadcast));
  offer->headers.emplace_back("Content-Type", "application/sdp");
  if (!options_.path.empty()) offer->query = "path=" + options_.path;
  offer->body = make_offer();
  // Two round trips' worth of TCP and HTTP, as one each way.
  later(options_.link.delay, [this, offer] {
    auto response = std::make_shared<HttpResponse>(simulation_.http(*offer));
    later(options_.link.delay, [this, response] { on_answer(*response); });
  });
}

void SimulatedBrowser::later(Duration delay, std::function<void()> what) {
  simulation_.scheduler().after(delay, [alive = alive_, what = std::move(what)] {
    if (*alive) what();
  });
}

void SimulatedBrowser::on_answer(const HttpResponse& response) {
  join_status_ = response.status;
  if (response.status != 201) return;
  location_ = find_header(response.headers, "Location");
  etag_ = find_header(response.headers, "ETag");
  read_answer(response.body);
  read_ice_server(find_header(response.headers, "Link"));
  video_ = std::make_unique<VideoReceiver>(format_);
  const auto role = server_is_dtls_client_ ? crypto::DtlsRole::server : crypto::DtlsRole::client;
  const std::string shown = options_.claims_other_certificate ? random_fingerprint(random_) : fingerprint_;
  dtls_ = std::make_unique<FakeDtlsSession>(crypto::DtlsParameters{role, remote_fingerprint_}, shown,
                                            simulation_.dtls().profile, random_);
  const IceClient::Wires wires{
      .send = [this](const IcePair& pair, Bytes bytes) { send(pair, bytes); },
      .mapped = [this](const IcePair& pair) { return mapped(pair); },
  };
  ice_ = std::make_unique<IceClient>(options_.engine == Engine::firefox, wires, random_);
  ice_->set_credentials(local_, remote_, simulation_.now());
  open_direct();
  open_ice_tcp();
  schedule();
}

std::optional<SocketAddress> SimulatedBrowser::mapped(const IcePair& pair) const {
  if (!pair.relayed) return pair.tcp ? tcp_address_ : direct_address_;
  return turn_ == nullptr ? std::nullopt : turn_->relayed();
}

void SimulatedBrowser::add_pairs() {
  if (ice_ == nullptr || options_.never_checks) return;
  if (ice_tcp_) ice_->add_pair({.remote = ice_tcp_->local, .tcp = true}, simulation_.now());
  for (const SocketAddress& candidate : candidates_) {
    if (direct_ != SocketId::none) ice_->add_pair({false, candidate}, simulation_.now());
    if (turn_ == nullptr || !turn_->relayed()) continue;
    turn_->permit(candidate, simulation_.now());
    ice_->add_pair({true, candidate}, simulation_.now());
  }
}

void SimulatedBrowser::on_packet(const IcePair& pair, Bytes packet) {
  if (silent_ || ice_ == nullptr) return;
  const wire::DatagramKind kind = wire::classify_datagram(packet);
  bool& heard_stun = pair.tcp ? heard_stun_by_tcp_ : heard_stun_;
  heard_stun = heard_stun || kind == wire::DatagramKind::stun;
  if (!heard_stun) ++early_packets_;
  if (kind == wire::DatagramKind::stun) ice_->handle_stun(packet, pair, simulation_.now());
  if (kind == wire::DatagramKind::dtls) on_dtls(pair, packet);
  if (kind == wire::DatagramKind::srtp) on_srtp(packet);
  send_feedback();
  schedule();
}

void SimulatedBrowser::on_dtls(const IcePair& pair, Bytes datagram) {
  ++dtls_packets_;
  if (options_.ignores_dtls) return;
  dtls_->handle_datagram(datagram, simulation_.now());
  flush_dtls(pair);
  if (sender_ || dtls_->keys() == nullptr) return;
  sender_.emplace(*dtls_->keys());
  receiver_.emplace(*dtls_->keys());
}

void SimulatedBrowser::on_srtp(Bytes packet) {
  if (!receiver_) return;
  Buffer clear(packet.begin(), packet.end());
  const bool rtcp = rtp::is_rtcp(packet);
  const auto size = rtcp ? receiver_->unprotect_rtcp(clear) : receiver_->unprotect_rtp(clear);
  if (!size) {
    if (size.error() != crypto::SrtpError::replayed) ++bad_packets_;
    return;
  }
  const Bytes content = Bytes(clear).first(*size);
  if (rtcp) return video_->handle_rtcp(content, simulation_.now());
  video_->handle_rtp(content, simulation_.now());
}

void SimulatedBrowser::send_feedback() {
  if (!sender_ || !ice_->selected()) return;
  std::array<std::uint8_t, 1400> buffer{};
  ByteWriter writer(buffer);
  if (!video_->write_feedback(writer, simulation_.now())) return;
  const std::size_t size = sender_->protect_rtcp(buffer, writer.size());
  send(*ice_->selected(), Bytes(buffer).first(size));
}

void SimulatedBrowser::send_picture_losses(int times) {
  for (int i = 0; i < times; ++i) {
    std::array<std::uint8_t, 100> buffer{};
    ByteWriter writer(buffer);
    rtcp::write_picture_loss(writer, 1, format_.ssrc);
    const std::size_t size = sender_->protect_rtcp(buffer, writer.size());
    send(*ice_->selected(), Bytes(buffer).first(size));
  }
}

void SimulatedBrowser::flush_dtls(const IcePair& pair) {
  std::array<std::uint8_t, crypto::kMaxDtlsDatagram> buffer{};
  while (const std::size_t size = dtls_->poll_transmit(buffer)) send(pair, Bytes(buffer).first(size));
}

void SimulatedBrowser::wake() {
  if (silent_ || ice_ == nullptr) return;
  const Instant now = simulation_.now();
  ice_->handle_timeout(now);
  if (turn_ != nullptr) turn_->handle_timeout(now);
  video_->handle_timeout(now);
  if (ice_->selected()) {
    if (!std::exchange(dtls_started_, true)) dtls_->start(now);
    dtls_->handle_timeout(now);
    flush_dtls(*ice_->selected());
  }
  send_feedback();
  schedule();
}

void SimulatedBrowser::schedule() {
  add_pairs();
  Instant next = std::min(ice_->next_timeout(), video_->next_timeout());
  if (turn_ != nullptr) next = std::min(next, turn_->next_timeout());
  if (ice_->selected()) next = std::min(next, dtls_->next_timeout());
  alarm_.set(next);
}

void SimulatedBrowser::leave() {
  later(options_.link.delay,
        [this, gone = request("DELETE", location_)] { EXPECT_EQ(simulation_.http(gone).status, 200); });
  later(options_.link.delay * 2 + kLinger, [this] { close_tab(); });
}

void SimulatedBrowser::close_tab() {
  if (ice_ == nullptr) return;
  if (sender_ && ice_->selected()) {
    dtls_->close(simulation_.now());
    flush_dtls(*ice_->selected());
  }
  if (turn_ != nullptr) turn_->close(simulation_.now());
  silent_ = true;
  later(kLinger, [this] { close_sockets(); });
}

void SimulatedBrowser::fall_silent() {
  silent_ = true;
}

void SimulatedBrowser::set_link(const LinkQuality& link) {
  options_.link = link;
  for (const SocketId socket : {direct_, turn_udp_}) {
    if (socket != SocketId::none) simulation_.network().set_link(socket, link);
  }
  if (turn_tcp_) simulation_.network().set_link(*turn_tcp_, link);
}

void SimulatedBrowser::break_turn_connection() {
  if (turn_tcp_) simulation_.network().close_stream(*turn_tcp_);
}

void SimulatedBrowser::break_ice_connection() {
  if (ice_tcp_) simulation_.network().close_stream(*ice_tcp_);
}

}  // namespace porthole::sim
