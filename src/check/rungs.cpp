#include "check/rungs.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <future>
#include <optional>

#include "check/channel.hpp"
#include "check/explain.hpp"
#include "check/race.hpp"
#include "check/stun_client.hpp"
#include "check/turn_client.hpp"
#include "check/websocket.hpp"

namespace porthole::check {
namespace {

constexpr const char* kNeedsSession = "They need a session, and there is none.";

// A rung that was gone up.
struct Climb {
  SocketAddress address;
  Proof proof;
};

// What every rung is tried with.
struct Ground {
  const Page& page;
  const WhepSession& session;
  Deadline deadline;
};

std::chrono::microseconds rounded(Duration duration) {
  return std::chrono::round<std::chrono::microseconds>(duration);
}

RungReport blank(std::string name) {
  RungReport rung;
  rung.name = std::move(name);
  return rung;
}

RungReport not_offered(std::string name, std::string why) {
  RungReport rung = blank(std::move(name));
  rung.state = RungState::not_offered;
  rung.reason = "not-offered";
  rung.explanation = std::move(why);
  return rung;
}

RungReport judged(std::string name, FaultPlace place, const Result<Climb, Fault>& climb) {
  RungReport rung = blank(std::move(name));
  if (climb && place.proxied.empty()) place.address = climb->address;
  rung.target = target_text(place);
  if (!climb) {
    explain(rung, climb.error(), place);
    return rung;
  }
  rung.state = RungState::works;
  rung.connect = rounded(climb->proof.connect);
  rung.round_trip = rounded(climb->proof.round_trip);
  rung.seen_as = climb->proof.seen_as.to_string();
  return rung;
}

using OpenChannel = Attempt<std::unique_ptr<Channel>>;

// An ICE check over the channel that `open` makes to each of the candidates.
RungReport check_candidates(const Ground& ground, std::string name, const FaultPlace& place,
                            const std::vector<SocketAddress>& candidates, const OpenChannel& open) {
  const auto climb = race<Climb>(
      candidates, ground.deadline,
      [&](const SocketAddress& address, const Deadline& deadline) -> Result<Climb, Fault> {
        const Instant begun = io::EventLoop::now();
        const auto channel = open(address, deadline);
        if (!channel) return fail(channel.error());
        const Duration opened = io::EventLoop::now() - begun;
        auto proof = check_ice(**channel, ground.session.local_ice(), ground.session.answer().ice, deadline);
        if (!proof) return fail(proof.error());
        proof->connect += opened;
        return Climb{address, *proof};
      });
  return judged(std::move(name), place, climb);
}

RungReport try_direct(const Ground& ground) {
  const auto& candidates = ground.session.answer().udp;
  if (candidates.empty()) return not_offered("direct", "The session has no UDP candidate.");
  return check_candidates(
      ground, "direct", {Carrier::udp, candidates.front(), {}}, candidates,
      [](const SocketAddress& address, const Deadline&) { return UdpChannel::open(address); });
}

// Straight to the candidate, or through the proxy that the page came through.
Endpoint endpoint_of(const Ground& ground, const SocketAddress& candidate) {
  const Endpoint& page = ground.page.endpoint;
  return {page.proxy ? page.address : candidate, {}, false, false, page.proxy, candidate.to_string()};
}

RungReport try_ice_tcp(const Ground& ground) {
  const auto& candidates = ground.session.answer().tcp;
  if (candidates.empty()) {
    return not_offered("ice-tcp", "The session has no TCP candidate (an older server?).");
  }
  const std::string proxied = ground.page.endpoint.proxy ? candidates.front().to_string() : "";
  return check_candidates(ground, "ice-tcp", {Carrier::tcp, candidates.front(), proxied}, candidates,
                          [&ground](const SocketAddress& address, const Deadline& deadline) {
                            return StreamChannel::open(endpoint_of(ground, address),
                                                       wire::StreamFraming::length_prefix, deadline);
                          });
}

std::string authority_of(const TurnLink& link) {
  return Target{false, link.host, link.port, {}}.authority();
}

Result<Climb, Fault> climb_turn(const Ground& ground, const TurnLink& link, const SocketAddress& address,
                                const Deadline& deadline) {
  const Instant begun = io::EventLoop::now();
  const Endpoint& page = ground.page.endpoint;
  const Endpoint endpoint{address, link.host, link.secure, page.insecure, page.proxy, authority_of(link)};
  auto channel = link.udp ? UdpChannel::open(address)
                          : StreamChannel::open(endpoint, wire::StreamFraming::turn, deadline);
  if (!channel) return fail(channel.error());
  const auto turn = TurnChannel::allocate(*std::move(channel), link, deadline);
  if (!turn) return fail(turn.error());
  const Answer& answer = ground.session.answer();
  if (const auto permitted = (*turn)->permit(answer.udp, deadline); !permitted)
    return fail(permitted.error());
  const Duration opened = io::EventLoop::now() - begun;
  auto proof = check_ice(**turn, ground.session.local_ice(), answer.ice, deadline);
  if (!proof) return fail(proof.error());
  proof->connect += opened;
  return Climb{address, *proof};
}

Carrier carrier_of(const TurnLink& link) {
  if (link.secure) return Carrier::tls;
  return link.udp ? Carrier::udp : Carrier::tcp;
}

// The address that the page was reached at, where the name is the page's own: it is known to work.
Result<std::vector<SocketAddress>, Fault> addresses_of(const Ground& ground, const TurnLink& link) {
  const Endpoint& page = ground.page.endpoint;
  if (page.proxy && !link.udp) return std::vector<SocketAddress>{page.address};
  if (page.proxy || link.host != page.host) return resolve(link.host, link.port, ground.deadline);
  return std::vector<SocketAddress>{{page.address.ip, link.port}};
}

RungReport try_turn(const Ground& ground, std::string name, const TurnLink& link) {
  const auto addresses = addresses_of(ground, link);
  if (!addresses) {
    RungReport rung = blank(std::move(name));
    explain(rung, addresses.error(), {carrier_of(link), std::nullopt, {}});
    return rung;
  }
  const auto climb =
      race<Climb>(*addresses, ground.deadline, [&](const SocketAddress& address, const Deadline& deadline) {
        return climb_turn(ground, link, address, deadline);
      });
  const bool is_proxied = ground.page.endpoint.proxy && !link.udp;
  return judged(std::move(name), {carrier_of(link), addresses->front(), is_proxied ? authority_of(link) : ""},
                climb);
}

std::optional<TurnLink> find_link(const Ground& ground, bool secure, bool udp) {
  for (const TurnLink& link : ground.session.turn()) {
    if (link.secure == secure && link.udp == udp) return link;
  }
  return std::nullopt;
}

// Pages are given TURN over UDP only where they ask for it, since beside direct UDP it is of no use; it is on
// the same port as TURN over TCP.
RungReport try_turn_udp(const Ground& ground) {
  auto link = find_link(ground, false, true);
  if (!link) link = find_link(ground, false, false);
  if (!link) return not_offered("turn-udp", "The session names no TURN server.");
  link->udp = true;
  return try_turn(ground, "turn-udp", *link);
}

RungReport try_turn_tcp(const Ground& ground) {
  const auto link = find_link(ground, false, false);
  return link ? try_turn(ground, "turn-tcp", *link)
              : not_offered("turn-tcp", "The session names no TURN server.");
}

RungReport try_turn_tls(const Ground& ground) {
  const auto link = find_link(ground, true, false);
  return link ? try_turn(ground, "turn-tls", *link)
              : not_offered("turn-tls",
                            "The server has no certificate of its own (--tls-cert), which this needs.");
}

RungReport try_websocket(const Page& page, const Deadline& deadline) {
  RungReport rung = blank("websocket");
  const FaultPlace place = place_of(page.endpoint);
  bool offered = true;
  const auto proof = check_websocket(page, deadline, offered);
  if (!offered) return not_offered("websocket", "This server does not know it (an older version?).");
  rung.target = target_text(place);
  if (!proof) {
    explain(rung, proof.error(), place);
    return rung;
  }
  rung.state = RungState::works;
  rung.connect = rounded(proof->connect);
  rung.round_trip = rounded(proof->round_trip);
  return rung;
}

RungReport not_tried(std::string name, const std::string& why) {
  RungReport rung = blank(std::move(name));
  rung.reason = "not-tried";
  rung.explanation = why;
  return rung;
}

}  // namespace

std::vector<std::string> rung_names() {
  return {"direct", "ice-tcp", "turn-udp", "turn-tcp", "turn-tls", "websocket"};
}

std::vector<RungReport> try_rungs(const Page& page, const WhepSession& session, Duration timeout) {
  const Ground ground{page, session, Deadline::after(timeout)};
  std::vector<std::future<RungReport>> running;
  for (const auto& rung : {try_direct, try_ice_tcp, try_turn_udp, try_turn_tcp, try_turn_tls}) {
    running.push_back(std::async(std::launch::async, [&ground, rung] { return rung(ground); }));
  }
  running.push_back(
      std::async(std::launch::async, [&ground] { return try_websocket(ground.page, ground.deadline); }));
  std::vector<RungReport> rungs;
  rungs.reserve(running.size());
  for (auto& one : running) rungs.push_back(one.get());
  return rungs;
}

std::vector<RungReport> try_rungs_without_session(const Page& page, Duration timeout) {
  std::vector<RungReport> rungs = untried_rungs(kNeedsSession);
  rungs.back() = try_websocket(page, Deadline::after(timeout));
  return rungs;
}

std::vector<RungReport> untried_rungs(const std::string& why) {
  std::vector<RungReport> rungs;
  for (std::string& name : rung_names()) rungs.push_back(not_tried(std::move(name), why));
  return rungs;
}

}  // namespace porthole::check
