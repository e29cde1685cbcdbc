// A browser's side of ICE: full and controlling, towards a lite server. Chromium nominates the best pair that
// works and goes on checking it; Firefox puts USE-CANDIDATE in every check until it has decided.
#pragma once

#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "virtual_network.hpp"
#include "wire/stun.hpp"

namespace porthole::sim {

// A candidate pair: straight from the host, by UDP or TCP, or through the relay, to one of the server's
// candidates.
struct IcePair {
  bool relayed = false;
  SocketAddress remote;
  bool tcp = false;
  bool operator==(const IcePair&) const = default;
};

struct IceCredentials {
  std::string ufrag;
  std::string pwd;
};

class IceClient {
 public:
  struct Wires {
    std::function<void(const IcePair&, Bytes)> send;
    // What the server should see of us on such a pair.
    std::function<std::optional<SocketAddress>(const IcePair&)> mapped;
  };

  IceClient(bool aggressive, Wires wires, Random& random)
      : aggressive_(aggressive), wires_(std::move(wires)), random_(random) {}

  // At the start and at each restart; a restart checks all pairs again and keeps the selected one meanwhile.
  void set_credentials(IceCredentials local, IceCredentials remote, Instant now);
  void add_pair(const IcePair& pair, Instant now);
  // The answer to a check.
  void handle_stun(Bytes message, const IcePair& pair, Instant now);
  void handle_timeout(Instant now);
  Instant next_timeout() const;

  const std::optional<IcePair>& selected() const { return selected_; }
  // Answers that a browser would choke on: not ours, without integrity or fingerprint, or with an address
  // that makes Chromium take the pair for another one.
  std::size_t bad_answers() const { return bad_answers_; }
  std::size_t answers() const { return answers_; }

 private:
  struct Check {
    IcePair pair;
    std::uint32_t priority = 0;
    Instant next{};
    Instant since{};
    bool answered = false;
    Instant answered_at{};
  };
  struct Sent {
    stun::TransactionId transaction{};
    IcePair pair;
    std::string pwd;
  };

  void send_check(Check& check, Instant now);
  Duration interval(const Check& check, Instant now);
  void decide(Instant now);
  void doubt_selected(Instant now);
  Check* find(const IcePair& pair);

  // Constant after construction.
  bool aggressive_;
  Wires wires_;
  Random& random_;  // Borrowed.

  std::uint64_t tie_breaker_ = 0;
  IceCredentials local_;
  IceCredentials remote_;
  std::vector<Check> checks_;
  std::deque<Sent> sent_;
  std::optional<IcePair> selected_;
  bool decided_ = false;  // By these credentials.
  std::size_t bad_answers_ = 0;
  std::size_t answers_ = 0;
};

}  // namespace porthole::sim
