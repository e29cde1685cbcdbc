// One viewer: joins as a browser does (signalling, ICE, DTLS), over the path that was asked for, and then
// meters what it gets.
#pragma once

#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/timer_queue.hpp"
#include "crypto/dtls.hpp"
#include "load/datagram_reader.hpp"
#include "load/ice_client.hpp"
#include "load/link.hpp"
#include "load/options.hpp"
#include "load/poller.hpp"
#include "load/reception.hpp"
#include "load/signalling.hpp"
#include "load/turn_client.hpp"

namespace porthole::load {

// What all viewers share. Everything is borrowed.
struct Surroundings {
  const Options& options;
  const Endpoint& endpoint;
  const std::string& offer;  // Of a browser.
  Poller& poller;
  DatagramReader& reader;
  crypto::DtlsFactory& dtls;
  SSL_CTX* tls = nullptr;
  Random& random;
  std::minstd_rand& dice;
  TimerQueue<std::size_t>& timers;
};

class Viewer final : private SignallingEvents, private LinkEvents {
 public:
  enum class State : std::uint8_t { waiting, joining, watching, failed, leaving, gone };

  struct Milestones {
    Instant begun, answered, handshaken, watching;
  };

  // Its deadline is kept in `surroundings.timers` under `index`.
  Viewer(const Surroundings& surroundings, std::size_t index);
  ~Viewer() override;
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  void join(Instant now);
  void leave(Instant now);
  void handle_timeout(Instant now);

  State state() const { return state_; }
  const std::string& failure() const { return failure_; }
  const Milestones& milestones() const { return milestones_; }
  // Null before the server has described itself.
  const Reception* reception() const { return reception_ ? &*reception_ : nullptr; }
  // What DTLS agreed on; nullopt before that and after the end.
  std::optional<crypto::SrtpProfile> profile() const;
  std::uint64_t dropped() const { return link_ ? link_->dropped() : 0; }
  // Where its frames are timed from now on; null for nowhere.
  void time_frames(FrameTimes* times) { times_ = times; }

 private:
  void described(const Description& description) override;
  void signalling_failed(const std::string& reason) override { fail(reason); }
  void signalling_ended() override { state_ = State::gone; }
  void link_opened() override;
  void link_received(Bytes message, Arrival arrival) override;
  void link_drained() override;
  void link_failed(const std::string& reason) override { fail(reason); }

  void begin_ice(Instant now);
  void handle_control(Bytes packet);
  void handle_dtls(Bytes packet, Instant now);
  void note_handshake(Instant now);
  void note_watching();
  void pump(Instant now);
  bool pump_once(MutableBytes out, Instant now);
  void send(Bytes packet);
  void schedule();
  void fail(const std::string& reason);
  std::string stage() const;

  // Constant after construction.
  const Surroundings surroundings_;
  const std::size_t index_;
  const check::IceCredentials ice_;

  // Owned.
  std::unique_ptr<Signalling> signalling_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<crypto::DtlsSession> dtls_;
  std::optional<TurnClient> turn_;
  std::optional<IceClient> ice_client_;
  std::optional<Reception> reception_;
  Description description_;

  FrameTimes* times_ = nullptr;  // Borrowed.

  State state_ = State::waiting;
  std::string failure_;
  Milestones milestones_;
  Instant deadline_ = Instant::max();  // Of the join, or of the next sign of life.
};

}  // namespace porthole::load
