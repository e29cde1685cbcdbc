// What the TURN server's state machine costs by itself: no socket, no clock, one core.
#include <benchmark/benchmark.h>

#include "unit/turn/turn_client.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::turn {
namespace {

using test::Buffer;
using test::Client;
using test::World;

// So many that nothing is measured from the processor's caches alone.
constexpr std::size_t kClients = 4096;
// With it one client comes back after 4 s, within what it is challenged.
constexpr Duration kStep = 1ms;
constexpr std::size_t kPayload = 1200;

// What one client sends in its short life.
struct Script {
  FiveTuple path;
  Buffer first, allocate, refresh;
};

struct Crowd {
  explicit Crowd(std::size_t count) : world(limits()) {
    for (std::size_t i = 0; i < count; ++i) scripts.push_back(script(i));
  }
  static Limits limits() {
    Limits made;
    made.allocations = 1'000'000;
    made.allocations_per_address = 1'000'000;
    return made;
  }
  Script script(std::size_t n) {
    Client client(world);
    client.path.remote.port = static_cast<std::uint16_t>(1024 + n);
    client.use(world.secrets.mint("viewer" + std::to_string(n), 1'800'000'000 + 12 * 3600));
    const Buffer first = client.plain_allocate();
    const Buffer allocate = client.allocate_request();
    const auto free = [](stun::MessageBuilder& builder) { builder.add_u32(stun::Attribute::lifetime, 0); };
    return {client.path, first, allocate, client.request(stun::Method::refresh, free)};
  }
  Outcome::Kind say(const Script& script, Bytes message) {
    const Outcome outcome =
        world.server.handle_message(script.path, message, out, world.now, world.wall_clock);
    return outcome.kind;
  }
  // The next client, a moment later.
  const Script& next() {
    world.now += kStep;
    return scripts[turn++ % scripts.size()];
  }

  World world;
  std::vector<Script> scripts;
  std::size_t turn = 0;
  Buffer out = Buffer(kMaxReply);
};

void drain(benchmark::State& state, Server& server) {
  std::size_t events = 0;
  while (server.poll_event()) ++events;
  if (events == 0) state.SkipWithError("no allocation began or ended");
}

void BM_AllocateChallengedAndFreed(benchmark::State& state) {
  Crowd crowd(kClients);
  for (auto _ : state) {
    const Script& script = crowd.next();
    benchmark::DoNotOptimize(crowd.say(script, script.first));
    benchmark::DoNotOptimize(crowd.say(script, script.allocate));
    benchmark::DoNotOptimize(crowd.say(script, script.refresh));
    drain(state, crowd.world.server);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_AllocateChallengedAndFreed);

void BM_Allocate(benchmark::State& state) {
  Crowd crowd(kClients);
  for (auto _ : state) {
    const Script& script = crowd.next();
    benchmark::DoNotOptimize(crowd.say(script, script.allocate));
    const auto created = crowd.world.server.poll_event();
    if (!created) return state.SkipWithError("no allocation began");
    crowd.world.server.release(created->allocation, crowd.world.now);
    drain(state, crowd.world.server);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Allocate);

void BM_UnauthenticatedAllocate(benchmark::State& state) {
  Crowd crowd(kClients);
  std::size_t answered = 0;
  for (auto _ : state) {
    const Script& script = crowd.next();
    if (crowd.say(script, script.first) == Outcome::Kind::reply) ++answered;
  }
  if (answered == 0) state.SkipWithError("nothing was answered");
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_UnauthenticatedAllocate);

void BM_WrongPassword(benchmark::State& state) {
  Crowd crowd(1);
  Client client(crowd.world);
  client.learn();
  client.password = "wrong";
  const Script script{client.path, {}, client.allocate_request(), {}};
  for (auto _ : state) {
    crowd.next();
    benchmark::DoNotOptimize(crowd.say(script, script.allocate));
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_WrongPassword);

void BM_Binding(benchmark::State& state) {
  Crowd crowd(1);
  Client client(crowd.world);
  const Buffer binding = client.message(stun::Class::request, stun::Method::binding, [](auto&) {});
  for (auto _ : state) benchmark::DoNotOptimize(crowd.say(crowd.scripts[0], binding));
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_Binding);

// One client with a permission and a channel, without a limit to its rate.
struct Relaying {
  Relaying() : world(limits()), client(world) {
    client.allocate();
    client.bind(wire::kMinChannel, test::kPeer);
    id = client.allocation();
    client.send_channel_data(wire::kMinChannel, payload);
    channel_data = client.sent;
    client.send_data(test::kPeer, payload);
    send = client.sent;
  }
  static Limits limits() {
    Limits made;
    made.bytes_per_second = 0;
    return made;
  }
  void run(benchmark::State& state, Bytes message) {
    Buffer out(kMaxReply);
    for (auto _ : state) {
      const Outcome outcome =
          world.server.handle_message(client.path, message, out, world.now, world.wall_clock);
      if (outcome.kind != Outcome::Kind::to_peer) return state.SkipWithError("nothing was relayed");
    }
    state.SetItemsProcessed(state.iterations());
  }

  World world;
  Client client;
  Buffer payload = Buffer(kPayload);
  AllocationId id = AllocationId::none;
  Buffer channel_data, send;
};

void BM_ChannelDataFromClient(benchmark::State& state) {
  Relaying relaying;
  relaying.run(state, relaying.channel_data);
}
BENCHMARK(BM_ChannelDataFromClient);

void BM_SendFromClient(benchmark::State& state) {
  Relaying relaying;
  relaying.run(state, relaying.send);
}
BENCHMARK(BM_SendFromClient);

// The way to the client: whether it may, how it is framed, and the header before the payload.
void BM_FramingToClient(benchmark::State& state) {
  Relaying relaying;
  std::array<std::uint8_t, 128> header{};
  for (auto _ : state) {
    const auto framing = relaying.world.server.framing(relaying.id, test::kPeer, relaying.world.now);
    if (!framing || !relaying.world.server.may_deliver(relaying.id, kPayload, relaying.world.now)) {
      return state.SkipWithError("nothing may be delivered");
    }
    wire::write_channel_header(header, wire::kMinChannel, kPayload);
    benchmark::DoNotOptimize(header);
  }
  state.SetItemsProcessed(state.iterations());
}
BENCHMARK(BM_FramingToClient);

// Cutting a stream that arrives 16 KiB at a time, as TLS records do.
void BM_StreamFraming(benchmark::State& state) {
  const Relaying relaying;
  Buffer stream;
  while (stream.size() < (1U << 20)) {
    stream.insert(stream.end(), relaying.channel_data.begin(), relaying.channel_data.end());
  }
  constexpr std::size_t kRead = 16'384;
  std::size_t frames = 0;
  for (auto _ : state) {
    wire::StreamFramer framer;
    for (std::size_t at = 0; at < stream.size(); at += kRead) {
      Bytes input = Bytes(stream).subspan(at, std::min(kRead, stream.size() - at));
      for (auto frame = framer.next(input); frame && *frame; frame = framer.next(input)) ++frames;
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(frames));
}
BENCHMARK(BM_StreamFraming);

}  // namespace
}  // namespace porthole::turn

BENCHMARK_MAIN();
