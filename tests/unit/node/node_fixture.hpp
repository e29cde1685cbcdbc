// A node on its own, with DTLS that never begins, and what it takes to talk WHEP to it.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "node/node.hpp"
#include "support/offers.hpp"
#include "support/seeded_random.hpp"

namespace porthole::node::test {

class IdleDtls final : public crypto::DtlsSession {
 public:
  void start(Instant) override {}
  void handle_datagram(Bytes, Instant) override {}
  void handle_timeout(Instant) override {}
  Instant next_timeout() const override { return Instant::max(); }
  void set_reliable(bool) override {}
  std::size_t poll_transmit(MutableBytes) override { return 0; }
  State state() const override { return State::connecting; }
  const crypto::SrtpKeys* keys() const override { return nullptr; }
  void close(Instant) override {}
};

class IdleDtlsFactory final : public crypto::DtlsFactory {
 public:
  std::unique_ptr<crypto::DtlsSession> make(const crypto::DtlsParameters&) override {
    return std::make_unique<IdleDtls>();
  }
  std::string fingerprint() const override { return "AB:CD"; }
};

using porthole::test::load_offer;

class NodeFixture : public testing::Test {
 protected:
  static NodeOptions options() {
    NodeOptions made;
    made.port = 8443;
    made.addresses = {*IpAddress::parse("203.0.113.1")};
    made.secrets = {"a secret"};
    made.max_viewers = 3;
    return made;
  }

  explicit NodeFixture(const NodeOptions& told = options()) : node(told, dtls, random) {
    node.set_wall_clock(WallClock(now, WallTime(std::chrono::seconds(1'800'000'000))));
    node.add_broadcast("cam");
  }

  HttpRequest request(const std::string& method, const std::string& path) const {
    HttpRequest made;
    made.method = method;
    made.path = path;
    made.headers.emplace_back("Host", "cam.example:8443");
    made.via = {Transport::tcp, *SocketAddress::parse("203.0.113.1:8443"),
                *SocketAddress::parse("192.0.2.7:5000"), ConnectionId{1}};
    return made;
  }
  HttpResponse send(const HttpRequest& what) { return node.handle_http(what, now).value(); }

  HttpRequest offer(const std::string& name = "chromium-156-video") const {
    HttpRequest made = request("POST", "/whep/cam");
    made.headers.emplace_back("Content-Type", "application/sdp");
    made.body = load_offer(name);
    return made;
  }

  std::vector<Event> events() {
    std::vector<Event> drained;
    while (auto event = node.poll_event()) drained.push_back(std::move(*event));
    return drained;
  }
  // What is to be sent is of no interest here, but viewers that ended go only when it is taken.
  void drain() {
    while (node.poll_transmit(*batch, now)) ++batches;
  }

  porthole::test::SeededRandom random{1};
  IdleDtlsFactory dtls;
  Instant now{std::chrono::hours(1)};
  Node node;
  std::unique_ptr<TransmitBatch> batch = std::make_unique<TransmitBatch>();
  std::size_t batches = 0;
};

}  // namespace porthole::node::test
