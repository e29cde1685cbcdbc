// What encrypting a packet of 1,200 bytes for a viewer costs: ours and libsrtp2's, for one viewer and for so
// many that their keys do not stay in the processor's nearest cache.
#include <benchmark/benchmark.h>

#include "crypto/srtp.hpp"
#include "unit/crypto/libsrtp.hpp"
#include "unit/crypto/srtp_packets.hpp"

namespace porthole::crypto {
namespace {

using test::Libsrtp;
using test::Packet;

constexpr std::size_t kPacket = 1200;
constexpr std::size_t kHeader = 12;
constexpr std::int64_t kManyViewers = 1000;
constexpr std::size_t kFrame = 10;  // Packets that leave together.

// Each viewer has keys of its own, as after DTLS.
SrtpKeys keys_of(SrtpProfile profile, std::size_t viewer) {
  SrtpKeys keys = test::make_keys(profile);
  store_u32(keys.local.key.data(), static_cast<std::uint32_t>(viewer));
  return keys;
}

struct Ours {
  explicit Ours(const SrtpKeys& keys) : sender(keys) {}
  std::size_t protect(MutableBytes out, Bytes payload) {
    return sender.protect_rtp(out, kHeader, kHeader, payload);
  }
  SrtpSender sender;
};

// libsrtp2 works in place: the payload, which all viewers share, is copied first.
struct Theirs {
  explicit Theirs(const SrtpKeys& keys) : session(keys.profile, keys.local, ssrc_any_outbound) {}
  std::size_t protect(MutableBytes out, Bytes payload) {
    std::memcpy(out.data() + kHeader, payload.data(), payload.size());
    return session.protect_rtp(out, kHeader + payload.size());
  }
  Libsrtp session;
};

template <class Viewer, SrtpProfile profile>
void protect(benchmark::State& state) {
  std::vector<Viewer> viewers;
  const auto count = static_cast<std::size_t>(state.range(0));
  for (std::size_t i = 0; i < count; ++i) viewers.emplace_back(keys_of(profile, i));
  const Packet payload(kPacket - kHeader, 0x5A);
  Packet out = test::rtp(0, test::kSsrc, payload.size() + kMaxSrtpTrailer);
  std::uint16_t sequence = 0;
  for (auto _ : state) {
    for (Viewer& viewer : viewers) {
      for (std::size_t i = 0; i < kFrame; ++i) {
        store_u16(&out[2], static_cast<std::uint16_t>(sequence + i));
        if (viewer.protect(out, payload) == 0) return state.SkipWithError("nothing was protected");
      }
    }
    sequence = static_cast<std::uint16_t>(sequence + kFrame);
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(count * kFrame));
}

// What a viewer that joins costs: a context for each direction.
template <SrtpProfile profile>
void join_ours(benchmark::State& state) {
  const SrtpKeys keys = test::make_keys(profile);
  for (auto _ : state) {
    const SrtpSender sender(keys);
    const SrtpReceiver receiver(keys);
    benchmark::DoNotOptimize(&sender);
    benchmark::DoNotOptimize(&receiver);
  }
  state.SetItemsProcessed(state.iterations());
}

template <SrtpProfile profile>
void join_theirs(benchmark::State& state) {
  const SrtpKeys keys = test::make_keys(profile);
  for (auto _ : state) {
    const Libsrtp sender(profile, keys.local, ssrc_any_outbound);
    const Libsrtp receiver(profile, keys.remote, ssrc_any_inbound);
    benchmark::DoNotOptimize(&sender);
    benchmark::DoNotOptimize(&receiver);
  }
  state.SetItemsProcessed(state.iterations());
}

constexpr SrtpProfile kGcm = SrtpProfile::aead_aes_128_gcm;
constexpr SrtpProfile kCounterMode = SrtpProfile::aes128_cm_sha1_80;
BENCHMARK(protect<Ours, kGcm>)->Name("porthole/gcm")->Arg(1)->Arg(kManyViewers);
BENCHMARK(protect<Theirs, kGcm>)->Name("libsrtp2/gcm")->Arg(1)->Arg(kManyViewers);
BENCHMARK(protect<Ours, kCounterMode>)->Name("porthole/cm-sha1")->Arg(1)->Arg(kManyViewers);
BENCHMARK(protect<Theirs, kCounterMode>)->Name("libsrtp2/cm-sha1")->Arg(1)->Arg(kManyViewers);
BENCHMARK(join_ours<kGcm>)->Name("porthole/gcm/join");
BENCHMARK(join_theirs<kGcm>)->Name("libsrtp2/gcm/join");
BENCHMARK(join_ours<kCounterMode>)->Name("porthole/cm-sha1/join");
BENCHMARK(join_theirs<kCounterMode>)->Name("libsrtp2/cm-sha1/join");

}  // namespace
}  // namespace porthole::crypto

BENCHMARK_MAIN();
