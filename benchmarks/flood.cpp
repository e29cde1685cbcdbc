// A flood of requests that nobody signed, from many loopback addresses and ports, at a bounded rate, for a
// bounded time. It says what it sent and what came back as one line of JSON.
#include <array>
#include <chrono>
#include <cstdlib>
#include <memory>
#include <random>
#include <thread>
#include <vector>

#include "many_sources.hpp"

namespace porthole::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kMaxRate = 1'000'000;
constexpr std::uint64_t kMaxSeconds = 60;
constexpr std::uint64_t kMaxPorts = 64;

struct Plan {
  std::uint16_t port = 0;
  std::uint64_t per_second = 100'000;
  std::uint64_t seconds = 5;
  std::uint64_t sources = 50'000;
  std::uint64_t ports = 16;
};

// What a client sends before it knows realm and nonce (RFC 8656 section 7.1).
constexpr std::array<std::uint8_t, 28> kAllocate{0, 3, 0, 8,  0x21, 0x12, 0xA4, 0x42, 1, 2, 3,  4, 5, 6,
                                                 7, 8, 9, 10, 11,   12,   0,    0x19, 0, 4, 17, 0, 0, 0};
constexpr std::array<std::uint8_t, 20> kBinding{0, 1, 0, 0, 0x21, 0x12, 0xA4, 0x42, 1,  2,
                                                3, 4, 5, 6, 7,    8,    9,    10,   11, 12};
constexpr std::size_t kJunkPieces = 256;

struct Tally {
  std::uint64_t asked = 0;
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
  std::uint64_t answered_bytes = 0;
  double seconds = 0;  // While it was sending.
};

// The same noise in every run; half of it begins like STUN or ChannelData.
std::vector<std::vector<std::uint8_t>> make_junk() {
  std::mt19937 random(1);
  std::vector<std::vector<std::uint8_t>> junk(kJunkPieces);
  for (std::size_t i = 0; i < junk.size(); ++i) {
    junk[i].resize(1 + random() % 600);
    for (std::uint8_t& byte : junk[i]) byte = static_cast<std::uint8_t>(random());
    if (i % 2 == 0 && junk[i].size() >= 8) std::copy_n(kAllocate.begin(), 8, junk[i].begin());
    if (i % 4 == 1) junk[i][0] = 0x40;
  }
  return junk;
}

class Flood {
 public:
  explicit Flood(const Plan& plan) : plan_(plan), junk_(make_junk()) {
    for (std::uint64_t i = 0; i < plan.ports; ++i)
      sockets_.push_back(std::make_unique<ManySources>(plan.port));
  }

  Tally run() {
    const auto begin = Clock::now();
    const std::uint64_t total = plan_.per_second * plan_.seconds;
    const auto end = begin + std::chrono::seconds(plan_.seconds);
    while (tally_.asked < total && Clock::now() < end) {
      const auto elapsed = std::chrono::duration<double>(Clock::now() - begin).count();
      const auto due = static_cast<std::uint64_t>(elapsed * static_cast<double>(plan_.per_second));
      if (tally_.asked >= due) {
        std::this_thread::sleep_for(std::chrono::microseconds(200));
        continue;
      }
      burst();
    }
    tally_.seconds = std::chrono::duration<double>(Clock::now() - begin).count();
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // For the last answers.
    for (auto& socket : sockets_) drain(*socket);
    for (const auto& socket : sockets_) tally_.sent += socket->sent();
    return tally_;
  }

 private:
  // One batch from one port and as many addresses.
  void burst() {
    ManySources& socket = *sockets_[bursts_++ % sockets_.size()];
    for (std::size_t i = 0; i < kBatch; ++i, ++tally_.asked) socket.send(next_source(), next_message());
    socket.flush();
    drain(socket);
  }
  std::uint32_t next_source() { return static_cast<std::uint32_t>(tally_.asked % plan_.sources); }
  // Half are Allocate requests; the rest is Binding requests and junk.
  std::span<const std::uint8_t> next_message() {
    if (tally_.asked % 2 == 0) return kAllocate;
    if (tally_.asked % 4 == 1) return kBinding;
    return junk_[tally_.asked / 4 % junk_.size()];
  }
  void drain(ManySources& socket) {
    const auto count = [this](std::uint32_t, std::span<const std::uint8_t> bytes) {
      ++tally_.answered;
      tally_.answered_bytes += bytes.size();
    };
    while (socket.receive(count) == kBatch) {
    }
  }

  // Constant after construction.
  Plan plan_;
  std::vector<std::vector<std::uint8_t>> junk_;

  std::vector<std::unique_ptr<ManySources>> sockets_;
  Tally tally_;
  std::uint64_t bursts_ = 0;
};

int usage() {
  std::fputs(
      "usage: flood PORT [PER_SECOND [SECONDS [ADDRESSES [PORTS]]]]   to 127.0.0.1, from 127.1.0.0 and up\n",
      stderr);
  return 2;
}

bool read_number(const char* text, std::uint64_t most, std::uint64_t& value) {
  char* end = nullptr;
  value = std::strtoull(text, &end, 10);
  return end != text && *end == '\0' && value >= 1 && value <= most;
}

int main_of(int argc, char** argv) {
  Plan plan;
  std::uint64_t port = 0;
  const std::array<std::pair<std::uint64_t*, std::uint64_t>, 5> arguments{{{&port, 65'535},
                                                                           {&plan.per_second, kMaxRate},
                                                                           {&plan.seconds, kMaxSeconds},
                                                                           {&plan.sources, kMaxSources},
                                                                           {&plan.ports, kMaxPorts}}};
  if (argc < 2 || argc > 6) return usage();
  for (int i = 1; i < argc; ++i) {
    const auto& [value, most] = arguments[static_cast<std::size_t>(i - 1)];
    if (!read_number(argv[i], most, *value)) return usage();
  }
  plan.port = static_cast<std::uint16_t>(port);
  const auto flood = std::make_unique<Flood>(plan);
  const Tally tally = flood->run();
  std::printf("{\"sent\": %llu, \"answered\": %llu, \"answered_bytes\": %llu, \"seconds\": %.2f}\n",
              static_cast<unsigned long long>(tally.sent), static_cast<unsigned long long>(tally.answered),
              static_cast<unsigned long long>(tally.answered_bytes), tally.seconds);
  return 0;
}

}  // namespace
}  // namespace porthole::bench

int main(int argc, char** argv) {
  return porthole::bench::main_of(argc, argv);
}
