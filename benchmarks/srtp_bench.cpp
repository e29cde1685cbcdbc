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
constexpr std::size_t kManyViewers = 1000;
constexpr std::size_t kFrame = 10;  // Packets that leave together.

SrtpProfile profile_of(const benchmark::State& state) {
  return static_cast<SrtpProfile>(state.range(0));
}

// Each viewer has keys of its own, as after DTLS.
SrtpKeys keys_of(const benchmark::State& state, std::size_t viewer) {
  SrtpKeys keys = test::make_keys(profile_of(state));
  store_u32(keys.local.key.data(), static_cast<std::uint32_t>(viewer));
  return keys;
}

struct Ours {
  Ours(const benchmark::State& state, std::size_t viewer) : sender(keys_of(state, viewer)) {}
  std::size_t protect(MutableBytes out, Bytes payload) {
    return sender.protect_rtp(out, kHeader, kHeader, payload);
  }
  SrtpSender sender;
};

// libsrtp2 works in place: the payload, which all viewers share, is copied first.
struct Theirs {
  Theirs(const benchmark::State& state, std::size_t viewer)
      : session(profile_of(state), keys_of(state, viewer).local, ssrc_any_outbound) {}
  std::size_t protect(MutableBytes out, Bytes payload) {
    std::memcpy(out.data() + kHeader, payload.data(), payload.size());
    return session.protect_rtp(out, kHeader + payload.size());
  }
  Libsrtp session;
};

template <class Viewer>
void protect(benchmark::State& state) {
  std::vector<Viewer> viewers;
  const auto count = static_cast<std::size_t>(state.range(1));
  for (std::size_t i = 0; i < count; ++i) viewers.emplace_back(state, i);
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

void BM_Porthole(benchmark::State& state) {
  protect<Ours>(state);
}
void BM_Libsrtp2(benchmark::State& state) {
  protect<Theirs>(state);
}

void profiles_and_viewers(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"profile", "viewers"});
  for (const auto profile : {SrtpProfile::aead_aes_128_gcm, SrtpProfile::aes128_cm_sha1_80}) {
    for (const std::size_t viewers : {std::size_t{1}, kManyViewers}) {
      benchmark->Args({static_cast<std::int64_t>(profile), static_cast<std::int64_t>(viewers)});
    }
  }
}
BENCHMARK(BM_Porthole)->Apply(profiles_and_viewers);
BENCHMARK(BM_Libsrtp2)->Apply(profiles_and_viewers);

}  // namespace
}  // namespace porthole::crypto

BENCHMARK_MAIN();
