// Two DTLS endpoints in one process, with a network between them that a test can damage, in virtual time.
#pragma once

#include <sys/time.h>

#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "crypto/dtls.hpp"

namespace porthole::crypto::test {

// OpenSSL asks gettimeofday(): the test program has its own (dtls_test.cpp), which tells this time.
inline Instant virtual_now{};

inline Certificate make_certificate() {
  return *Certificate::self_signed(WallTime(1'700'000'000s));
}

inline std::unique_ptr<OpenSslDtlsFactory> make_factory() {
  return OpenSslDtlsFactory::create(make_certificate());
}

inline std::unique_ptr<OpenSslDtlsFactory> make_factory(const std::string& profiles) {
  return OpenSslDtlsFactory::create(make_certificate(), profiles);
}

inline std::string fingerprint_line(const DtlsFactory& factory) {
  return "sha-256 " + factory.fingerprint();
}

using Packet = std::vector<std::uint8_t>;

class DtlsLink {
 public:
  // What becomes of a datagram: the ones to deliver instead, at once and in order. `index` counts the
  // datagrams of one direction.
  using Damage = std::function<std::vector<Packet>(const Packet& datagram, std::size_t index)>;

  explicit DtlsLink(std::unique_ptr<DtlsSession> a_session, std::unique_ptr<DtlsSession> b_session)
      : a(std::move(a_session)), b(std::move(b_session)) {
    a->start(virtual_now);
    b->start(virtual_now);
  }

  // Carries datagrams until nothing moves.
  void settle() {
    while (carry(*a, *b, a_to_b, a_sent) || carry(*b, *a, b_to_a, b_sent)) {
    }
  }

  // Lets time pass, from one timeout to the next, until both are done or `limit` is over.
  void run(Duration limit) {
    const Instant end = virtual_now + limit;
    settle();
    while (virtual_now < end && (connecting(*a) || connecting(*b))) {
      virtual_now = std::min(end, std::min(a->next_timeout(), b->next_timeout()));
      a->handle_timeout(virtual_now);
      b->handle_timeout(virtual_now);
      settle();
    }
  }

  bool connected() const {
    return a->state() == DtlsSession::State::connected && b->state() == DtlsSession::State::connected;
  }

  std::unique_ptr<DtlsSession> a;
  std::unique_ptr<DtlsSession> b;
  Damage a_to_b = pass;
  Damage b_to_a = pass;
  std::vector<Packet> a_sent;
  std::vector<Packet> b_sent;

  static std::vector<Packet> pass(const Packet& datagram, std::size_t) { return {datagram}; }

 private:
  static bool connecting(const DtlsSession& session) {
    return session.state() == DtlsSession::State::connecting;
  }

  static bool carry(DtlsSession& from, DtlsSession& to, const Damage& damage, std::vector<Packet>& sent) {
    bool moved = false;
    Packet buffer(kMaxDatagramRead);
    while (const std::size_t size = from.poll_transmit(buffer)) {
      moved = true;
      sent.emplace_back(buffer.begin(), buffer.begin() + static_cast<std::ptrdiff_t>(size));
      for (const Packet& packet : damage(sent.back(), sent.size() - 1))
        to.handle_datagram(packet, virtual_now);
    }
    return moved;
  }

  static constexpr std::size_t kMaxDatagramRead = 65'536;
};

// A client and a server that know each other's fingerprints; a is the client.
inline DtlsLink make_link(DtlsFactory& client, DtlsFactory& server) {
  return DtlsLink(client.make({DtlsRole::client, fingerprint_line(server)}),
                  server.make({DtlsRole::server, fingerprint_line(client)}));
}

}  // namespace porthole::crypto::test
