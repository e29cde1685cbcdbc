#include "ice_client.hpp"

#include <algorithm>

namespace porthole::sim {

using stun::Attribute;
using stun::Class;
using stun::Method;

namespace {

// RFC 8445 section 5.1.2.1.
constexpr std::uint32_t kHostPriority = (126U << 24) | (65'535U << 8) | 255U;
constexpr std::uint32_t kTcpPriority = (90U << 24) | (65'535U << 8) | 255U;
constexpr std::uint32_t kRelayPriority = (2U << 24) | (65'535U << 8) | 255U;

std::uint32_t base_priority(const IcePair& pair) {
  if (pair.relayed) return kRelayPriority;
  return pair.tcp ? kTcpPriority : kHostPriority;
}

constexpr Duration kUntilAnswered = 250ms;
constexpr Duration kHopeful = 10s;
// libwebrtc: the selected pair, and pairs kept for a bad day.
constexpr Duration kChromiumConsent = 2500ms;
constexpr Duration kChromiumBackup = 25s;
// RFC 7675 section 5.1: 5 s, by 0.8 to 1.2.
constexpr Duration kFirefoxConsent = 4s;
constexpr Duration kFirefoxConsentSpread = 2s;

// libwebrtc: without answers for so long, the next best pair is taken.
constexpr Duration kUnwritable = 7s;

// libwebrtc's NETWORK-COST, of which we know nothing.
constexpr auto kNetworkCost = static_cast<Attribute>(0xC057);
constexpr std::size_t kMaxSent = 32;

}  // namespace

void IceClient::set_credentials(IceCredentials local, IceCredentials remote, Instant now) {
  local_ = std::move(local);
  remote_ = std::move(remote);
  tie_breaker_ = random_.u64();
  decided_ = false;
  for (Check& check : checks_) {
    check.answered = false;
    check.next = check.since = now;
  }
}

IceClient::Check* IceClient::find(const IcePair& pair) {
  const auto found = std::ranges::find(checks_, pair, &Check::pair);
  return found == checks_.end() ? nullptr : &*found;
}

void IceClient::add_pair(const IcePair& pair, Instant now) {
  if (find(pair) != nullptr || (aggressive_ && decided_)) return;
  checks_.push_back(
      {pair, base_priority(pair) - (static_cast<std::uint32_t>(checks_.size()) << 8), now, now, false, {}});
}

void IceClient::send_check(Check& check, Instant now) {
  const bool is_selected = selected_ == check.pair;
  const bool nominates = aggressive_ ? !decided_ : is_selected && decided_;
  Buffer message(300);
  Sent sent{{}, check.pair, remote_.pwd};
  random_.fill(sent.transaction);
  stun::MessageBuilder builder(message, Class::request, Method::binding, sent.transaction);
  builder.add_text(Attribute::username, remote_.ufrag + ":" + local_.ufrag);
  if (!aggressive_) builder.add_u32(kNetworkCost, 0x0001'000A);
  builder.add_u64(Attribute::ice_controlling, tie_breaker_);
  if (nominates) builder.add_flag(Attribute::use_candidate);
  // Firefox's consent checks have none (RFC 7675 section 5.1 allows that).
  if (!aggressive_ || !decided_) builder.add_u32(Attribute::priority, check.priority);
  builder.add_integrity(as_bytes(remote_.pwd));
  builder.add_fingerprint();
  message.resize(builder.finish().size());
  sent_.push_back(std::move(sent));
  if (sent_.size() > kMaxSent) sent_.pop_front();
  check.next = now + interval(check, now);
  wires_.send(check.pair, message);
}

Duration IceClient::interval(const Check& check, Instant now) {
  if (!check.answered) return now < check.since + kHopeful ? kUntilAnswered : kChromiumConsent;
  if (aggressive_) {
    return kFirefoxConsent +
           Duration(static_cast<std::int64_t>(static_cast<double>(kFirefoxConsentSpread.count()) *
                                              random_.u32() / 4294967296.0));
  }
  return selected_ == check.pair ? kChromiumConsent : kChromiumBackup;
}

void IceClient::handle_stun(Bytes bytes, const IcePair& pair, Instant now) {
  const auto message = stun::parse(bytes);
  if (!message || message->method() != Method::binding || message->message_class() != Class::success) {
    ++bad_answers_;
    return;
  }
  const auto sent = std::ranges::find(sent_, message->transaction(), &Sent::transaction);
  if (sent == sent_.end()) return;  // Answered before: the network doubled it.
  const std::string pwd = sent->pwd;
  const bool right_pair = sent->pair == pair;
  sent_.erase(sent);
  const auto mapped = message->xor_address(Attribute::xor_mapped_address);
  if (!right_pair || !message->integrity_ok(as_bytes(pwd)) || !message->fingerprint_ok() || !mapped ||
      mapped != wires_.mapped(pair)) {
    ++bad_answers_;
    return;
  }
  ++answers_;
  Check* check = find(pair);
  if (check == nullptr || pwd != remote_.pwd) return;
  check->answered_at = now;
  if (!std::exchange(check->answered, true)) decide(now);
}

void IceClient::decide(Instant now) {
  Check* best = nullptr;
  for (Check& check : checks_) {
    if (check.answered && (best == nullptr || check.priority > best->priority)) best = &check;
  }
  if (best == nullptr || (decided_ && selected_ == best->pair)) return;
  decided_ = true;
  selected_ = best->pair;
  if (aggressive_) {
    std::erase_if(checks_, [this](const Check& check) { return check.pair != selected_; });
  } else {
    best->next = now;  // The nomination.
  }
}

void IceClient::doubt_selected(Instant now) {
  Check* check = selected_ ? find(*selected_) : nullptr;
  if (check == nullptr || !check->answered || check->answered_at + kUnwritable > now) return;
  check->answered = false;
  decide(now);
}

void IceClient::handle_timeout(Instant now) {
  if (!aggressive_) doubt_selected(now);
  for (Check& check : checks_) {
    if (check.next <= now) send_check(check, now);
  }
}

Instant IceClient::next_timeout() const {
  Instant next = Instant::max();
  for (const Check& check : checks_) next = std::min(next, check.next);
  return next;
}

}  // namespace porthole::sim
