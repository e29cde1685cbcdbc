// What the core does for a packet: viewers join in virtual time, then frames are pushed and batches taken,
// with nothing around it. Under callgrind only that is counted; without, it is timed.
//
//   fan_out_cost PATH VIEWERS FRAMES
//   fan_out_cost --compiler
//
// PATH is as in the page's URL: direct, turn-udp, turn-tcp, ice-tcp
#include <time.h>
#include <valgrind/callgrind.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string_view>
#include <vector>

#include "sim/simulated_browser.hpp"
#include "sim/simulation.hpp"

namespace porthole::cost {
namespace {

using sim::SimulatedBrowser;
using sim::Simulation;

// 2.5 Mbit/s at 30 frames/s.
constexpr std::size_t kFrameBytes = 10'400;
constexpr Duration kFrameTime = 33'333us;
// Nobody's check or report comes meanwhile, so that frames alone are counted.
constexpr Duration kSilence = 3600s;

Simulation::Options stream(std::size_t viewers) {
  Simulation::Options options;
  options.source = {.frames_per_second = 30,
                    .keyframe_interval = 1'000'000,
                    .keyframe_bytes = 3 * kFrameBytes,
                    .frame_bytes = kFrameBytes};
  options.max_viewers = viewers;
  return options;
}

// Of this thread, so that who else is busy on the machine does not count.
Duration processor_time() {
  timespec spent{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &spent);
  return std::chrono::seconds(spent.tv_sec) + Duration(spent.tv_nsec);
}

struct Arrived {
  FiveTuple path;
  std::vector<std::uint8_t> bytes;
};

struct Count {
  std::uint64_t packets = 0;
  std::uint64_t batches = 0;
  Duration spent{};

  void print(const char* what, std::uint64_t of) const {
    std::printf("%s: %llu packets in %llu batches, %.0f ns each of %llu\n", what,
                static_cast<unsigned long long>(packets), static_cast<unsigned long long>(batches),
                static_cast<double>(spent.count()) / static_cast<double>(of),
                static_cast<unsigned long long>(of));
  }
};

// On a stream each is a ChannelData message, padded to a multiple of 4 (RFC 8656 section 12.5).
std::uint64_t packets_in(const TransmitBatch& batch) {
  if (batch.segment_size > 0) return (batch.size + batch.segment_size - 1) / batch.segment_size;
  std::uint64_t count = 0;
  for (std::size_t at = 0; at + 4 <= batch.size; ++count) {
    at += 4 + (std::size_t{load_u16(batch.bytes().subspan(at + 2).data())} + 3) / 4 * 4;
  }
  return count;
}

class FanOut {
 public:
  FanOut(const char* path, std::size_t viewers) : simulation_(stream(viewers)) {
    for (std::size_t i = 0; i < viewers; ++i) {
      browsers_.push_back(
          std::make_unique<SimulatedBrowser>(simulation_, SimulatedBrowser::Options{.path = path}));
      browsers_.back()->join();
      simulation_.run_for(1ms);
    }
    simulation_.run_for(5s);
    simulation_.source().pause();
  }

  bool everybody_watches() const {
    return std::ranges::all_of(browsers_, [](const auto& browser) { return browser->is_playing(); });
  }

  Count push_frames(std::size_t frames) {
    Count count;
    Instant now = simulation_.now();
    std::uint32_t number = simulation_.source().rendition(VideoCodec::h264).next_number;
    for (std::size_t i = 0; i < frames; ++i) {
      now += kFrameTime;
      const auto frame = std::make_shared<const EncodedFrame>(
          sim::synthetic_frame(VideoCodec::h264, number++, false, now.time_since_epoch(), kFrameBytes));
      measure(
          count, [&] { node().push_frame(Simulation::kBroadcast, frame, now); }, now);
    }
    return count;
  }

  // What browsers say within a second that does not reach the node by itself.
  Count take_feedback() {
    std::vector<Arrived> arrived = listen();
    Count count;
    const Instant now = simulation_.now();
    for (const Arrived& one : arrived) {
      measure(
          count,
          [&] {
            node().handle_datagram({one.path, one.bytes}, now);
          },
          now);
    }
    heard_ = arrived.size();
    return count;
  }
  std::size_t heard() const { return heard_; }

 private:
  node::Node& node() { return simulation_.node(); }

  template <class Input>
  void measure(Count& count, Input input, Instant now) {
    const Duration begin = processor_time();
    CALLGRIND_START_INSTRUMENTATION;
    input();
    node().handle_timeout(now);
    while (node().poll_transmit(*batch_, now)) {
      count.packets += packets_in(*batch_);
      ++count.batches;
    }
    static_cast<void>(node().next_timeout());
    CALLGRIND_STOP_INSTRUMENTATION;
    count.spent += processor_time() - begin;
  }

  std::vector<Arrived> listen() {
    std::vector<Arrived> arrived;
    for (const auto& browser : browsers_) {
      browser->set_link({.delay = kSilence});
      const SocketAddress from =
          browser->turn() != nullptr ? browser->turn_address() : browser->direct_address();
      const FiveTuple path{.local = simulation_.server(), .remote = from};
      browser->on_sent = [&arrived, path](Bytes bytes) {
        arrived.push_back({path, {bytes.begin(), bytes.end()}});
      };
    }
    simulation_.run_for(1s);
    for (const auto& browser : browsers_) browser->on_sent = nullptr;
    return arrived;
  }

  Simulation simulation_;
  std::vector<std::unique_ptr<SimulatedBrowser>> browsers_;
  std::unique_ptr<TransmitBatch> batch_ = std::make_unique<TransmitBatch>();
  std::size_t heard_ = 0;
};

int run(const char* path, std::size_t viewers, std::size_t frames) {
  FanOut fan_out(path, viewers);
  if (!fan_out.everybody_watches()) {
    std::fputs("not every viewer came through\n", stderr);
    return EXIT_FAILURE;
  }
  const Count media = fan_out.push_frames(frames);
  CALLGRIND_DUMP_STATS_AT("frames");
  media.print("frames", media.packets);
  const Count feedback = fan_out.take_feedback();
  CALLGRIND_DUMP_STATS_AT("feedback");
  feedback.print("feedback", fan_out.heard());
  return EXIT_SUCCESS;
}

}  // namespace
}  // namespace porthole::cost

int main(int argc, char** argv) {
  if (argc == 2 && std::string_view(argv[1]) == "--compiler") {
    std::printf("g++ %d\n", __GNUC__);
    return EXIT_SUCCESS;
  }
  if (argc != 4) {
    std::fputs("usage: fan_out_cost PATH VIEWERS FRAMES\n", stderr);
    return 2;
  }
  return porthole::cost::run(argv[1], std::strtoul(argv[2], nullptr, 10), std::strtoul(argv[3], nullptr, 10));
}
