// An ICE-lite agent (RFC 8445) for one viewer: answers its checks, and knows which path to send on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/bytes.hpp"
#include "base/time.hpp"
#include "wire/stun.hpp"

namespace porthole::ice {

// The node's number for a way to the viewer: its own address, or a label behind its TURN allocation.
enum class PathId : std::uint32_t {};

struct Credentials {
  std::string ufrag;
  std::string pwd;
};

// RFC 7675 section 5.1: consent ends 30 s after the last sign of it.
constexpr Duration kConsentLifetime = 30s;

// A selected path that was nominated or carried authenticated media so recently is not given up for one of
// lower priority: Firefox nominates every pair. Chromium checks its selected pair every 2.5 s.
constexpr Duration kPathIsAlive = 3s;

// Paths that one viewer may have had checks on; the one silent for longest makes room.
constexpr std::size_t kMaxPaths = 16;

// No reply of the agent is longer.
constexpr std::size_t kMaxReply = 128;

// Whose agent a Binding request is for: the part of USERNAME before the colon (RFC 8445 section 7.2.2).
// nullopt when this is no Binding request, or it has no such USERNAME. Borrows the message.
std::optional<std::string_view> local_ufrag(const stun::Message& message);

struct CheckOutcome {
  Bytes reply;                 // Empty: say nothing. Borrows the caller's buffer.
  bool authenticated = false;  // The check proved that the viewer is on this path.
  bool selected_changed = false;
  std::optional<PathId> dropped;  // A path that had to make room: the node may forget it.
};

class LiteAgent {
 public:
  LiteAgent(Credentials local, Credentials remote);

  // A Binding request whose USERNAME began with a ufrag of ours. `mapped` is what XOR-MAPPED-ADDRESS must
  // say: the remote address, or the relayed label (Chromium otherwise takes the pair for another one). `out`
  // holds at least kMaxReply bytes. Forged and broken checks get no answer, because browsers give a pair up
  // on one.
  CheckOutcome handle_check(const stun::Message& message, PathId path, const SocketAddress& mapped,
                            MutableBytes out, Instant now);

  // Media that verified arrived on a path: that is where the viewer is now. Returns true when the selected
  // path changed. A path without an authenticated check before is never selected.
  bool handle_authenticated(PathId path, Instant now);

  // Whether the viewer gave proof of itself on that path so recently.
  bool heard_within(PathId path, Duration age, Instant now) const;

  // The connection or allocation behind a path is gone. The path heard from last takes its place if it was
  // selected. Returns true when the selected path changed.
  bool handle_path_gone(PathId path);

  std::optional<PathId> selected() const { return selected_; }

  // A lite agent sends no checks: the viewer's own, which it must go on sending, are its consent. Before the
  // first one there is no deadline (Instant::max()): how long to wait for it is the node's business.
  Instant next_timeout() const { return consent_until_; }
  bool expired(Instant now) const { return now >= consent_until_; }

  // An ICE restart (RFC 8445 section 9). The old path keeps carrying media, and checks with the old
  // credentials keep being answered, until a path is selected by the new ones.
  void restart(Credentials local, Credentials remote);

  const Credentials& local() const { return current_.local; }
  // The ufrag before a restart, while it is still answered; empty otherwise.
  std::string_view previous_ufrag() const {
    return previous_ ? std::string_view(previous_->local.ufrag) : "";
  }

 private:
  struct Generation {
    Credentials local;
    Credentials remote;
    std::string username;  // As the viewer sends it: "local:remote".
  };
  struct Path {
    PathId id{};
    std::uint32_t priority = 0;  // Of the last check.
    Instant heard{};             // Last authenticated check or media.
    Instant wanted{};            // Last nomination or authenticated media.
  };

  static Generation generation(Credentials local, Credentials remote);
  // Whose password verifies this check; nullptr when none does.
  const Generation* authenticate(const stun::Message& message) const;
  Path& note_path(PathId id, Instant now, std::optional<PathId>& dropped);
  Path* find(PathId id);
  bool nominate(Path& path, Instant now);
  bool select(PathId id);

  Generation current_;
  std::optional<Generation> previous_;
  std::vector<Path> paths_;
  std::optional<PathId> selected_;
  Instant consent_until_ = Instant::max();
};

}  // namespace porthole::ice
