#include "load/viewer.hpp"

#include <algorithm>
#include <array>

#include "io/event_loop.hpp"
#include "load/dialling.hpp"

namespace porthole::load {
namespace {

constexpr std::size_t kScratch = 2048;

// Servers forget a session that says nothing for a minute.
constexpr Duration kKeepAlive = 25s;

Instant now_of_loop() {
  return io::EventLoop::now();
}

}  // namespace

Viewer::Viewer(const Surroundings& surroundings, std::size_t index)
    : surroundings_(surroundings), index_(index), ice_(check::make_credentials(surroundings.random)) {}

Viewer::~Viewer() {
  surroundings_.timers.cancel(index_);
}

void Viewer::join(Instant now) {
  state_ = State::joining;
  milestones_.begun = now;
  deadline_ = now + std::chrono::nanoseconds(static_cast<std::int64_t>(surroundings_.options.patience * 1e9));
  signalling_ = make_signalling(surroundings_, ice_, *this);
  signalling_->begin();
  schedule();
}

void Viewer::described(const Description& description) {
  description_ = description;
  milestones_.answered = now_of_loop();
  reception_.emplace(description.retransmissions,
                     ReceptionPlan{surroundings_.options.feedback, surroundings_.options.loss},
                     surroundings_.dice);
  auto dialled = dial(surroundings_, description_, *this);
  if (!dialled) return fail(dialled.error());
  link_ = std::move(dialled->link);
  if (dialled->turn) {
    turn_.emplace(*dialled->turn, description_.udp, surroundings_.options.path != Path::turn_udp,
                  surroundings_.random);
  }
  link_->open();
}

void Viewer::link_opened() {
  const Instant now = now_of_loop();
  if (signalling_->server_offers()) signalling_->answer(link_->local());
  if (turn_) {
    turn_->start(now);
  } else {
    begin_ice(now);
  }
  pump(now);
}

void Viewer::begin_ice(Instant now) {
  const bool controlling = !signalling_->server_offers() || description_.ice_lite;
  ice_client_.emplace(ice_, description_.ice, controlling ? IceRole::controlling : IceRole::controlled,
                      surroundings_.random);
  ice_client_->start(now);
  const auto role = description_.active ? crypto::DtlsRole::server : crypto::DtlsRole::client;
  dtls_ = surroundings_.dtls.make({role, description_.fingerprint});
  if (!dtls_) return fail("the server's fingerprint is of no known kind: " + description_.fingerprint);
  if (role == crypto::DtlsRole::server) dtls_->start(now);
}

void Viewer::link_received(Bytes message, Arrival arrival) {
  if (turn_) message = turn_->handle_message(message, now_of_loop());
  if (message.empty()) return turn_ ? handle_control(message) : void();
  // RFC 7983: the first byte tells what it is.
  if ((message[0] & 0xC0U) != 0x80U) return handle_control(message);
  if (milestones_.watching == Instant{}) note_watching();
  reception_->handle_packet(message, arrival, times_);
}

void Viewer::handle_control(Bytes packet) {
  const Instant now = now_of_loop();
  if (turn_ && !turn_->failure().empty()) return fail(turn_->failure());
  if (turn_ && turn_->ready() && !ice_client_) begin_ice(now);
  if (!packet.empty() && ice_client_) {
    std::array<std::uint8_t, kScratch> scratch;
    if (packet[0] < 4) {
      send(ice_client_->handle_stun(packet, scratch, now));
      if (ice_client_->connected() && !description_.active) dtls_->start(now);
    } else {
      handle_dtls(packet, now);
    }
  }
  pump(now);
}

void Viewer::handle_dtls(Bytes packet, Instant now) {
  dtls_->handle_datagram(packet, now);
  if (dtls_->state() == crypto::DtlsSession::State::failed) return fail("the DTLS handshake failed");
  if (dtls_->state() == crypto::DtlsSession::State::closed) return fail("the server closed the session");
  if (dtls_->keys() != nullptr && milestones_.handshaken == Instant{}) note_handshake(now);
}

void Viewer::note_handshake(Instant now) {
  milestones_.handshaken = now;
  reception_->start(*dtls_->keys(), now);
}

void Viewer::note_watching() {
  milestones_.watching = now_of_loop();
  if (state_ != State::joining) return;
  state_ = State::watching;
  deadline_ = milestones_.watching + kKeepAlive;
  schedule();
}

void Viewer::link_drained() {
  if (reception_ && reception_->asks_at_once()) pump(now_of_loop());
}

void Viewer::handle_timeout(Instant now) {
  if (state_ == State::failed || state_ == State::gone) return;
  if (now >= deadline_) {
    if (state_ != State::watching) return fail("no media in time: " + stage());
    signalling_->keep_alive();
    deadline_ = now + kKeepAlive;
  }
  if (dtls_) {
    dtls_->handle_timeout(now);
    if (dtls_->state() == crypto::DtlsSession::State::failed) return fail("the DTLS handshake failed");
  }
  if (ice_client_ && ice_client_->consent_expired(now)) return fail("the server answers no checks any more");
  pump(now);
}

// Sends what is due.
void Viewer::pump(Instant now) {
  std::array<std::uint8_t, kScratch> scratch;
  while (link_ && state_ != State::failed && pump_once(scratch, now)) {
  }
  schedule();
}

bool Viewer::pump_once(MutableBytes out, Instant now) {
  if (turn_) {
    const Bytes request = turn_->poll_transmit(out, now);
    if (!request.empty()) link_->send(request);
    if (!request.empty() || !ice_client_) return !request.empty();
  }
  if (!ice_client_) return false;
  Bytes packet = ice_client_->poll_transmit(out, now);
  if (packet.empty()) packet = Bytes(out).first(dtls_->poll_transmit(out));
  if (packet.empty()) packet = reception_->poll_transmit(out, now);
  send(packet);
  return !packet.empty();
}

void Viewer::send(Bytes packet) {
  if (packet.empty()) return;
  if (!turn_) return link_->send(packet);
  std::array<std::uint8_t, kScratch> scratch;
  const Bytes wrapped = turn_->wrap(packet, scratch);
  if (!wrapped.empty()) link_->send(wrapped);
}

void Viewer::schedule() {
  Instant next = state_ == State::failed || state_ == State::gone ? Instant::max() : deadline_;
  if (link_ && next != Instant::max()) {
    if (turn_) next = std::min(next, turn_->next_timeout());
    if (ice_client_) next = std::min({next, ice_client_->next_timeout(), dtls_->next_timeout()});
    next = std::min(next, reception_->next_timeout());
  }
  surroundings_.timers.schedule(index_, next);
}

void Viewer::leave(Instant now) {
  if (state_ == State::waiting || state_ == State::gone || !signalling_) return;
  state_ = State::leaving;
  times_ = nullptr;
  deadline_ = Instant::max();
  if (dtls_ && link_) {
    dtls_->close(now);
    pump(now);
  }
  signalling_->end();
}

void Viewer::fail(const std::string& reason) {
  if (state_ != State::joining && state_ != State::watching) return;
  failure_ = state_ == State::watching ? "while watching: " + reason : reason;
  state_ = State::failed;
  times_ = nullptr;
  schedule();
}

std::optional<crypto::SrtpProfile> Viewer::profile() const {
  if (!dtls_ || dtls_->keys() == nullptr) return std::nullopt;
  return dtls_->keys()->profile;
}

std::string Viewer::stage() const {
  if (!link_) return "no description came";
  if (turn_ && !turn_->ready()) return "TURN did not get so far";
  if (!ice_client_ || !ice_client_->connected()) return "no check was answered";
  return milestones_.handshaken == Instant{} ? "the DTLS handshake did not end" : "nothing came after DTLS";
}

}  // namespace porthole::load
