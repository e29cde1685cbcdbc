#include "ice/agent.hpp"

#include <algorithm>
#include <array>

namespace porthole::ice {

using stun::Attribute;

namespace {

// What an ICE check may require us to understand (RFC 8445 section 7.1; RFC 8489 section 9.1).
constexpr std::array kKnownAttributes{
    Attribute::username,
    Attribute::message_integrity,
    Attribute::priority,
    Attribute::use_candidate,
    Attribute::realm,
    Attribute::nonce,
    Attribute::message_integrity_sha256,
};

// Long before any Instant that a check can come at, yet safe to add durations to.
constexpr Instant kNever = Instant::min();

// RFC 8489 section 9.1.4: signed with the password that the request was signed with.
Bytes finish(stun::MessageBuilder& builder, std::string_view pwd) {
  builder.add_integrity(as_bytes(pwd));
  builder.add_fingerprint();
  return builder.finish();
}

}  // namespace

std::optional<std::string_view> local_ufrag(const stun::Message& message) {
  if (!message.is(stun::Class::request, stun::Method::binding)) return std::nullopt;
  const auto username = message.text(Attribute::username);
  const std::size_t colon = username ? username->find(':') : std::string_view::npos;
  if (colon == std::string_view::npos || colon == 0) return std::nullopt;
  return username->substr(0, colon);
}

LiteAgent::LiteAgent(Credentials local, Credentials remote)
    : current_(generation(std::move(local), std::move(remote))) {}

LiteAgent::Generation LiteAgent::generation(Credentials local, Credentials remote) {
  std::string username = local.ufrag + ":" + remote.ufrag;
  return {std::move(local), std::move(remote), std::move(username)};
}

void LiteAgent::restart(Credentials local, Credentials remote) {
  // A second restart before the first one came to anything replaces that one: the path in use still answers
  // to the credentials that it was selected with.
  Generation superseded = std::exchange(current_, generation(std::move(local), std::move(remote)));
  if (!previous_) previous_ = std::move(superseded);
}

const LiteAgent::Generation* LiteAgent::authenticate(const stun::Message& message) const {
  const auto username = message.text(Attribute::username);
  const Generation* sender = nullptr;
  if (username == current_.username) sender = &current_;
  if (sender == nullptr && previous_ && username == previous_->username) sender = &*previous_;
  if (sender == nullptr || !message.integrity_ok(as_bytes(sender->local.pwd))) return nullptr;
  return sender;
}

CheckOutcome LiteAgent::handle_check(const stun::Message& message, PathId path, const SocketAddress& mapped,
                                     MutableBytes out, Instant now) {
  CheckOutcome outcome;
  if (!message.is(stun::Class::request, stun::Method::binding)) return outcome;
  if (message.has_fingerprint() && !message.fingerprint_ok()) return outcome;
  const Generation* sender = authenticate(message);
  std::array<std::uint16_t, 1> unknown{};
  if (sender == nullptr || message.unknown_required(kKnownAttributes, unknown) > 0) return outcome;

  // RFC 8445 section 6.1.1: towards a lite agent the full one controls, so whoever claims to be controlled is
  // told to change that, whatever its tie-breaker.
  if (message.has(Attribute::ice_controlled)) {
    stun::MessageBuilder builder(out, stun::Class::error, stun::Method::binding, message.transaction());
    builder.add_error(stun::ErrorCode::role_conflict);
    outcome.reply = finish(builder, sender->local.pwd);
    return outcome;
  }

  stun::MessageBuilder builder(out, stun::Class::success, stun::Method::binding, message.transaction());
  builder.add_xor_address(Attribute::xor_mapped_address, mapped);
  outcome.reply = finish(builder, sender->local.pwd);
  outcome.authenticated = true;
  consent_until_ = now + kConsentLifetime;
  Path& heard = note_path(path, now, outcome.dropped);
  // RFC 7675 section 5.1 lets later checks leave PRIORITY out.
  heard.priority = message.u32(Attribute::priority).value_or(heard.priority);
  // After a restart only the new credentials decide (RFC 8445 section 9).
  if (sender == &current_ && message.has(Attribute::use_candidate)) {
    outcome.selected_changed = nominate(heard, now);
  }
  return outcome;
}

// RFC 8445 section 7.3.2 has the last nomination win; between aggressive nominations the highest priority
// does (RFC 5245 section 8.1.1.2), but not for a path that has fallen silent.
bool LiteAgent::nominate(Path& path, Instant now) {
  path.wanted = now;
  const Path* rival = selected_ ? find(*selected_) : nullptr;
  const bool rival_stays = rival != nullptr && rival != &path && rival->priority > path.priority &&
                           rival->wanted + kPathIsAlive > now && !previous_;
  previous_.reset();
  return !rival_stays && select(path.id);
}

bool LiteAgent::handle_authenticated(PathId id, Instant now) {
  Path* path = find(id);
  if (path == nullptr) return false;
  path->heard = path->wanted = now;
  return select(id);
}

bool LiteAgent::heard_within(PathId id, Duration age, Instant now) const {
  const auto found = std::ranges::find(paths_, id, &Path::id);
  return found != paths_.end() && found->heard + age > now;
}

bool LiteAgent::handle_path_gone(PathId id) {
  std::erase_if(paths_, [id](const Path& path) { return path.id == id; });
  if (selected_ != id) return false;
  const auto latest = std::ranges::max_element(paths_, {}, &Path::heard);
  selected_ = latest == paths_.end() ? std::nullopt : std::optional(latest->id);
  return true;
}

bool LiteAgent::select(PathId id) {
  return std::exchange(selected_, id) != id;
}

LiteAgent::Path* LiteAgent::find(PathId id) {
  const auto found = std::ranges::find(paths_, id, &Path::id);
  return found == paths_.end() ? nullptr : &*found;
}

LiteAgent::Path& LiteAgent::note_path(PathId id, Instant now, std::optional<PathId>& dropped) {
  if (Path* known = find(id)) {
    known->heard = now;
    return *known;
  }
  if (paths_.size() == kMaxPaths) {
    const auto silent_for_longest = std::ranges::min_element(
        paths_, {}, [this](const Path& path) { return path.id == selected_ ? Instant::max() : path.heard; });
    dropped = silent_for_longest->id;
    paths_.erase(silent_for_longest);
  }
  return paths_.emplace_back(Path{id, 0, now, kNever});
}

}  // namespace porthole::ice
