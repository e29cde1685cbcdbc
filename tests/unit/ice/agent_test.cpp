#include "ice/agent.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <vector>

#include "unit/wire/stun_vectors.hpp"

namespace porthole::ice {
namespace {

using stun::Attribute;
using stun::Class;
using stun::Method;
using Buffer = std::vector<std::uint8_t>;

constexpr PathId kDirect{1};
constexpr PathId kRelayed{2};
constexpr PathId kThird{3};
constexpr std::uint32_t kHigh = 0x6e7f1eff;
constexpr std::uint32_t kLow = 0x6e001eff;

const SocketAddress kMapped = *SocketAddress::parse("192.0.2.7:50000");
const Credentials kLocal{"ours", "our-password-of-22-chars"};
const Credentials kRemote{"theirs", "their-password-of-22-chars"};
const Credentials kNewLocal{"OURS", "our-second-password-22-chars"};
const Credentials kNewRemote{"THEIRS", "their-second-password-22-chars"};

struct Check {
  std::string username = "ours:theirs";
  std::string pwd = kLocal.pwd;
  bool nominated = false;
  std::optional<std::uint32_t> priority = kHigh;
  bool controlled = false;
  std::optional<std::uint16_t> extra;
  bool integrity = true;
  bool fingerprint = true;
  Method method = Method::binding;
  Class message_class = Class::request;

  Buffer bytes() const {
    Buffer out(512);
    stun::MessageBuilder builder(out, message_class, method, {1, 2, 3});
    if (!username.empty()) builder.add_text(Attribute::username, username);
    if (priority) builder.add_u32(Attribute::priority, *priority);
    builder.add_u64(controlled ? Attribute::ice_controlled : Attribute::ice_controlling, 42);
    if (nominated) builder.add_flag(Attribute::use_candidate);
    if (extra) builder.add_flag(static_cast<Attribute>(*extra));
    if (integrity) builder.add_integrity(as_bytes(pwd));
    if (fingerprint) builder.add_fingerprint();
    out.resize(builder.finish().size());
    return out;
  }
};

// An agent with a clock, and the answer to the last check.
struct Viewer {
  CheckOutcome check(PathId path, const Check& check) {
    request = check.bytes();
    outcome = agent.handle_check(*stun::parse(request), path, kMapped, out, now);
    return outcome;
  }
  CheckOutcome nominate(PathId path, std::uint32_t priority) {
    Check nomination;
    nomination.nominated = true;
    nomination.priority = priority;
    return check(path, nomination);
  }
  Check restarted(bool nominated) const {
    Check made;
    made.username = "OURS:THEIRS";
    made.pwd = kNewLocal.pwd;
    made.nominated = nominated;
    return made;
  }

  LiteAgent agent{kLocal, kRemote};
  Instant now{1h};
  Buffer request;
  Buffer out = Buffer(kMaxReply);
  CheckOutcome outcome;
};

TEST(IceAgent, CheckIsAnsweredWithAddressIntegrityAndFingerprint) {
  for (const char* text : {"192.0.2.7:50000", "[2001:db8::7]:50000"}) {
    LiteAgent agent(kLocal, kRemote);
    const Buffer request = Check{}.bytes();
    const auto message = stun::parse(request);
    Buffer out(kMaxReply);
    const auto mapped = *SocketAddress::parse(text);
    const CheckOutcome outcome = agent.handle_check(*message, kDirect, mapped, out, Instant{});
    EXPECT_TRUE(outcome.authenticated);
    const auto reply = stun::parse(outcome.reply);
    ASSERT_TRUE(reply.ok());
    EXPECT_TRUE(reply->is(Class::success, Method::binding));
    EXPECT_EQ(reply->transaction(), message->transaction());
    EXPECT_EQ(reply->xor_address(Attribute::xor_mapped_address), mapped);
    EXPECT_TRUE(reply->integrity_ok(as_bytes(kLocal.pwd)));
    EXPECT_TRUE(reply->fingerprint_ok());
  }
}

TEST(IceAgent, StandardsSampleCheckIsAnswered) {
  // RFC 5769 section 2.1, except that its sender claims to be controlled.
  LiteAgent agent({"evtj", "VOkJxbRl1RmTxUk/WvJxBt"}, {"h6vY", ""});
  Buffer out(kMaxReply);
  const auto outcome =
      agent.handle_check(*stun::parse(porthole::test::kSampleRequest), kDirect, kMapped, out, Instant{});
  EXPECT_EQ(stun::parse(outcome.reply)->error_code(), 487);
}

TEST(IceAgent, ForgedChecksGetNoAnswer) {
  Viewer viewer;
  const std::vector<std::function<void(Check&)>> forgeries{
      [](Check& check) { check.pwd = "guess"; },
      [](Check& check) { check.pwd = kRemote.pwd; },
      [](Check& check) { check.username = "ours:somebody"; },
      [](Check& check) { check.username = "other:theirs"; },
      [](Check& check) { check.username = "ours:"; },
      [](Check& check) { check.username = "ours"; },
      [](Check& check) { check.username = "ours:theirs "; },
      [](Check& check) { check.username = ""; },
      [](Check& check) { check.integrity = false; },
      [](Check& check) { check.extra = 0x7001; },
      [](Check& check) { check.method = Method::allocate; },
      [](Check& check) { check.message_class = Class::indication; },
      [](Check& check) { check.message_class = Class::success; },
  };
  for (std::size_t i = 0; i < forgeries.size(); ++i) {
    Check check;
    check.nominated = true;
    forgeries[i](check);
    const CheckOutcome outcome = viewer.check(kDirect, check);
    EXPECT_TRUE(outcome.reply.empty()) << i;
    EXPECT_FALSE(outcome.authenticated) << i;
  }
  EXPECT_FALSE(viewer.agent.selected());
  EXPECT_EQ(viewer.agent.next_timeout(), Instant::max());
  EXPECT_FALSE(viewer.agent.handle_authenticated(kDirect, viewer.now));
}

TEST(IceAgent, CheckChangedAnywhereGetsNoAnswer) {
  Viewer viewer;
  const Buffer good = Check{}.bytes();
  for (std::size_t at = 0; at < good.size(); ++at) {
    // What stands behind the integrity is not proved by it: a fingerprint that became something else is
    // ignored.
    if (at == good.size() - 8 || at == good.size() - 7) continue;
    Buffer bad = good;
    bad[at] ^= 0x10;
    const auto message = stun::parse(bad);
    if (!message) continue;
    EXPECT_TRUE(viewer.agent.handle_check(*message, kDirect, kMapped, viewer.out, viewer.now).reply.empty())
        << at;
  }
}

TEST(IceAgent, UnknownOptionalAttributesAreIgnored) {
  for (const int extra : {0xC057, 0x802A + 0x1000, 0x8022}) {
    Viewer viewer;
    Check check;
    check.extra = static_cast<std::uint16_t>(extra);
    EXPECT_TRUE(viewer.check(kDirect, check).authenticated);
  }
}

TEST(IceAgent, CheckWithoutFingerprintOrPriorityIsAnswered) {
  Viewer viewer;
  Check check;
  check.fingerprint = false;
  check.priority = std::nullopt;
  EXPECT_TRUE(viewer.check(kDirect, check).authenticated);
}

TEST(IceAgent, ControlledViewerIsToldToControl) {
  Viewer viewer;
  Check check;
  check.controlled = true;
  check.nominated = true;
  const CheckOutcome outcome = viewer.check(kDirect, check);
  const auto reply = stun::parse(outcome.reply);
  ASSERT_TRUE(reply.ok());
  EXPECT_EQ(reply->error_code(), 487);
  EXPECT_TRUE(reply->integrity_ok(as_bytes(kLocal.pwd)));
  EXPECT_TRUE(reply->fingerprint_ok());
  EXPECT_FALSE(outcome.authenticated);
  EXPECT_FALSE(viewer.agent.selected());
}

TEST(IceAgent, NominationSelectsAndAPlainCheckDoesNot) {
  Viewer viewer;
  EXPECT_FALSE(viewer.check(kDirect, {}).selected_changed);
  EXPECT_FALSE(viewer.agent.selected());
  EXPECT_TRUE(viewer.nominate(kDirect, kLow).selected_changed);
  EXPECT_EQ(viewer.agent.selected(), kDirect);
  EXPECT_FALSE(viewer.nominate(kDirect, kLow).selected_changed);
}

TEST(IceAgent, AggressiveNominationEndsOnTheHighestPriority) {
  Viewer viewer;
  EXPECT_TRUE(viewer.nominate(kRelayed, kLow).selected_changed);
  EXPECT_TRUE(viewer.nominate(kDirect, kHigh).selected_changed);
  EXPECT_FALSE(viewer.nominate(kRelayed, kLow).selected_changed);
  EXPECT_EQ(viewer.agent.selected(), kDirect);
  EXPECT_TRUE(viewer.nominate(kThird, kHigh).selected_changed);  // Among equals the last one.
}

TEST(IceAgent, LowerPriorityTakesOverFromAPathThatFellSilent) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.now += kPathIsAlive - 1ns;
  EXPECT_FALSE(viewer.nominate(kRelayed, kLow).selected_changed);
  viewer.now += 1ns;
  EXPECT_TRUE(viewer.nominate(kRelayed, kLow).selected_changed);
}

TEST(IceAgent, PlainChecksDoNotHoldAPathThatIsNoLongerNominated) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.now += 2s;
  viewer.check(kDirect, {});
  viewer.now += 2s;
  EXPECT_TRUE(viewer.nominate(kRelayed, kLow).selected_changed);
}

TEST(IceAgent, MediaHoldsAPath) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.now += 2s;
  EXPECT_FALSE(viewer.agent.handle_authenticated(kDirect, viewer.now));
  viewer.now += 2s;
  EXPECT_FALSE(viewer.nominate(kRelayed, kLow).selected_changed);
}

TEST(IceAgent, ViewerIsWhereItsAuthenticatedMediaComesFrom) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.check(kRelayed, {});
  EXPECT_TRUE(viewer.agent.handle_authenticated(kRelayed, viewer.now));
  EXPECT_EQ(viewer.agent.selected(), kRelayed);
}

TEST(IceAgent, MediaFromAPathWithoutACheckMovesNobody) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  EXPECT_FALSE(viewer.agent.handle_authenticated(kThird, viewer.now));
  EXPECT_EQ(viewer.agent.selected(), kDirect);
}

TEST(IceConsent, EndsThirtySecondsAfterTheLastCheck) {
  Viewer viewer;
  EXPECT_FALSE(viewer.agent.expired(viewer.now + 1h));
  viewer.nominate(kDirect, kHigh);
  EXPECT_EQ(viewer.agent.next_timeout(), viewer.now + 30s);
  viewer.now += 29s;
  viewer.check(kRelayed, {});
  viewer.now += 30s - 1ns;
  EXPECT_FALSE(viewer.agent.expired(viewer.now));
  viewer.now += 1ns;
  EXPECT_TRUE(viewer.agent.expired(viewer.now));
}

TEST(IceConsent, IsNotGivenByMediaOrForgedChecks) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.now += 20s;
  viewer.agent.handle_authenticated(kDirect, viewer.now);
  Check forged;
  forged.pwd = "guess";
  viewer.check(kDirect, forged);
  viewer.now += 10s;
  EXPECT_TRUE(viewer.agent.expired(viewer.now));
}

TEST(IceRestart, OldPathCarriesOnUntilTheNewCredentialsSelectOne) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.agent.restart(kNewLocal, kNewRemote);
  EXPECT_EQ(viewer.agent.selected(), kDirect);
  EXPECT_EQ(viewer.agent.previous_ufrag(), "ours");
  EXPECT_EQ(viewer.agent.local().ufrag, "OURS");
  EXPECT_TRUE(viewer.check(kDirect, {}).authenticated);
  EXPECT_TRUE(stun::parse(viewer.outcome.reply)->integrity_ok(as_bytes(kLocal.pwd)));
  // The old credentials keep alive and decide nothing.
  EXPECT_FALSE(viewer.nominate(kRelayed, kHigh).selected_changed);
  EXPECT_TRUE(viewer.check(kRelayed, viewer.restarted(false)).authenticated);
  EXPECT_TRUE(stun::parse(viewer.outcome.reply)->integrity_ok(as_bytes(kNewLocal.pwd)));
  EXPECT_EQ(viewer.agent.selected(), kDirect);

  Check nomination = viewer.restarted(true);
  nomination.priority = kLow;
  EXPECT_TRUE(viewer.check(kRelayed, nomination).selected_changed);
  EXPECT_EQ(viewer.agent.previous_ufrag(), "");
  EXPECT_FALSE(viewer.check(kDirect, {}).authenticated);
}

TEST(IceRestart, AnotherOneBeforeTheFirstBoreFruitKeepsThePathInUse) {
  Viewer viewer;
  viewer.nominate(kDirect, kHigh);
  viewer.agent.restart({"lost", "lostpassword0123456789ab"}, kNewRemote);
  viewer.agent.restart(kNewLocal, kNewRemote);
  EXPECT_EQ(viewer.agent.previous_ufrag(), "ours");
  EXPECT_TRUE(viewer.check(kDirect, {}).authenticated);
  EXPECT_TRUE(viewer.check(kRelayed, viewer.restarted(true)).selected_changed);
}

TEST(IceRestart, CredentialsOfTwoGenerationsDoNotMix) {
  Viewer viewer;
  viewer.agent.restart(kNewLocal, kNewRemote);
  Check mixed = viewer.restarted(true);
  mixed.pwd = kLocal.pwd;
  EXPECT_FALSE(viewer.check(kDirect, mixed).authenticated);
  mixed = viewer.restarted(true);
  mixed.username = "OURS:theirs";
  EXPECT_FALSE(viewer.check(kDirect, mixed).authenticated);
}

TEST(IcePaths, AreBoundedAndTheOneSilentForLongestGoes) {
  Viewer viewer;
  viewer.nominate(PathId{0}, kHigh);
  for (std::uint32_t i = 1; i < kMaxPaths; ++i) {
    viewer.now += 1s;
    EXPECT_FALSE(viewer.check(PathId{i}, {}).dropped);
  }
  viewer.now += 1s;
  EXPECT_EQ(viewer.check(PathId{100}, {}).dropped, PathId{1});  // Not the selected one, though it is older.
  EXPECT_FALSE(viewer.agent.handle_authenticated(PathId{1}, viewer.now));
  EXPECT_EQ(viewer.agent.selected(), PathId{0});
}

TEST(IcePaths, LostPathIsReplacedByTheOneHeardLast) {
  Viewer viewer;
  viewer.check(kRelayed, {});
  viewer.now += 1s;
  viewer.check(kThird, {});
  viewer.now += 1s;
  viewer.nominate(kDirect, kHigh);
  EXPECT_FALSE(viewer.agent.handle_path_gone(PathId{77}));
  EXPECT_TRUE(viewer.agent.handle_path_gone(kDirect));
  EXPECT_EQ(viewer.agent.selected(), kThird);
  EXPECT_FALSE(viewer.agent.handle_path_gone(kRelayed));
  EXPECT_TRUE(viewer.agent.handle_path_gone(kThird));
  EXPECT_FALSE(viewer.agent.selected());
}

TEST(IceUfrag, IsWhatStandsBeforeTheColon) {
  const auto ufrag = [](const Check& check) -> std::optional<std::string> {
    const Buffer bytes = check.bytes();
    const auto found = local_ufrag(*stun::parse(bytes));
    return found ? std::optional(std::string(*found)) : std::nullopt;
  };
  Check check;
  EXPECT_EQ(ufrag(check), "ours");
  check.username = "a:b:c";
  EXPECT_EQ(ufrag(check), "a");
  for (const char* bad : {"", ":b", "nocolon"}) {
    check.username = bad;
    EXPECT_FALSE(ufrag(check)) << bad;
  }
  check.username = "a:b";
  check.message_class = Class::indication;
  EXPECT_FALSE(ufrag(check));
}

}  // namespace
}  // namespace porthole::ice
