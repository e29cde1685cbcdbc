// Sends video through a TURN server as an application and its viewers do: each peer to its client, and
// feedback back. It says, as one line of JSON, what arrived, how late, and what it cost the server.
#include <sys/epoll.h>
#include <sys/resource.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string_view>

#include "relay/arrivals.hpp"
#include "relay/relay_client.hpp"
#include "wire/channel_data.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::bench {
namespace {

constexpr std::int64_t kSecond = 1'000'000'000;
constexpr std::int64_t kDrainTime = kSecond / 4;
// What follows the start of a run is not counted: caches and queues find their state.
constexpr std::int64_t kWarmUp = kSecond / 2;
constexpr std::size_t kHeader = 8;  // The time of sending.
constexpr std::size_t kMaxFrame = 65'000;

// What one side of each allocation sends: so many packets, of which the last is shorter, at so long
// intervals.
struct Stream {
  std::int64_t interval = 0;
  std::size_t bytes = 0;
  std::size_t packet = 0;
};
constexpr Stream kNone{};
// 2.5 Mbit/s at 30 frames/s.
constexpr Stream kVideo{kSecond / 30, 10'416, 1200};
constexpr Stream kFeedback{kSecond / 5, 80, 80};

struct Plan {
  std::uint16_t port = 0;  // 0: without a relay.
  std::string secret;
  int process = 0;
  std::size_t allocations = 50;
  std::uint16_t first_peer_port = 5000;
  double seconds = 4;
  bool by_tcp = false;
  bool segmented = false;  // Senders give the kernel a frame at once.
  bool spread = true;      // Frames of different allocations are evenly spread over the frame time.
  bool coalesced = true;   // Receivers take what the kernel has put together.
  Stream down = kVideo;
  Stream up = kFeedback;
};

struct Tally {
  std::uint64_t sent = 0;
  std::vector<std::int64_t> delays;
};

// One allocation: the application's socket and the viewer's.
struct Pair {
  int peer = -1;
  int client = -1;
  std::optional<RelayClient> relay;
  wire::StreamFramer framer;
};

// Nanoseconds that all threads of the process were on a processor.
std::int64_t processor_time(int process) {
  std::int64_t total = 0;
  if (process == 0) return total;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(process) + "/task")) {
    std::int64_t time = 0;
    std::ifstream(task.path() / "schedstat") >> time;
    total += time;
  }
  return total;
}

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), pairs_(plan.allocations), poll_(epoll_create1(0)) {
    for (std::size_t i = 0; i < pairs_.size(); ++i) open(pairs_[i], i);
  }

  void run() {
    begin_ = now_nanoseconds();
    const std::int64_t end = begin_ + kWarmUp + static_cast<std::int64_t>(plan_.seconds * kSecond);
    std::int64_t before = -1;
    for (std::int64_t now = begin_; now < end; now = now_nanoseconds()) {
      counting_ = now >= begin_ + kWarmUp;
      if (counting_ && before < 0) before = processor_time(plan_.process);
      const bool sent_down = send_due(plan_.down, down_frames_, now, true);
      const bool sent_up = send_due(plan_.up, up_frames_, now, false);
      const std::int64_t next = std::min(due(plan_.down, down_frames_), due(plan_.up, up_frames_));
      receive(sent_down || sent_up ? 0 : std::max<std::int64_t>(next - now, 0));
    }
    processor_ = processor_time(plan_.process) - before;
    counting_ = false;
    for (const std::int64_t last = end + kDrainTime; now_nanoseconds() < last;) receive(kDrainTime / 10);
  }

  void report() {
    const std::uint64_t received = down_.delays.size() + up_.delays.size();
    std::printf(
        "{\"server_us_per_packet\": %.3f, \"server_share\": %.4f",
        static_cast<double>(processor_) / 1000 / static_cast<double>(std::max<std::uint64_t>(received, 1)),
        static_cast<double>(processor_) / kSecond / plan_.seconds);
    report("down", down_);
    report("up", up_);
    std::puts("}");
  }

 private:
  void open(Pair& pair, std::size_t index) {
    const auto port = static_cast<std::uint16_t>(plan_.first_peer_port + index);
    pair.peer = open_socket(SOCK_DGRAM, port);
    std::uint16_t target = 0;
    if (plan_.port == 0) {
      pair.client = open_socket(SOCK_DGRAM);
      connect_to(pair.client, port);
      target = port_of(pair.client);
    } else {
      pair.relay.emplace(plan_.port, plan_.by_tcp, plan_.secret, "load" + std::to_string(index));
      pair.client = pair.relay->fd();
      target = pair.relay->allocate();
      pair.relay->bind_channel(port);
    }
    connect_to(pair.peer, target);
    if (plan_.coalesced) set(pair.peer, SOL_UDP, UDP_GRO, 1);
    if (plan_.coalesced && !plan_.by_tcp) set(pair.client, SOL_UDP, UDP_GRO, 1);
    if (plan_.segmented) segment(pair);
    watch(pair.peer, index * 2);
    watch(pair.client, index * 2 + 1);
  }

  void segment(const Pair& pair) const {
    const std::size_t header = plan_.port == 0 ? 0 : wire::kChannelHeaderSize;
    set(pair.peer, SOL_UDP, UDP_SEGMENT, static_cast<int>(plan_.down.packet));
    if (!plan_.by_tcp) set(pair.client, SOL_UDP, UDP_SEGMENT, static_cast<int>(plan_.up.packet + header));
  }

  void watch(int fd, std::uint64_t tag) {
    epoll_event event{.events = EPOLLIN, .data = {.u64 = tag}};
    require(epoll_ctl(poll_, EPOLL_CTL_ADD, fd, &event) == 0, "epoll_ctl");
  }

  std::int64_t due(const Stream& stream, std::uint64_t frame) const {
    if (stream.interval == 0) return INT64_MAX;
    const auto count = static_cast<std::int64_t>(pairs_.size());
    const auto number = static_cast<std::int64_t>(frame);
    if (!plan_.spread) return begin_ + number / count * stream.interval;
    return begin_ + number * stream.interval / count;
  }

  // At most one frame.
  bool send_due(const Stream& stream, std::uint64_t& frame, std::int64_t now, bool down) {
    if (due(stream, frame) > now) return false;
    const Pair& pair = pairs_[frame++ % pairs_.size()];
    send_frame(pair, stream, down);
    return true;
  }

  void send_frame(const Pair& pair, const Stream& stream, bool down) {
    const bool framed = !down && plan_.port != 0;
    const std::size_t header = framed ? wire::kChannelHeaderSize : 0;
    std::size_t used = 0;
    std::uint64_t packets = 0;
    for (std::size_t done = 0; done < stream.bytes; ++packets) {
      const std::size_t size = std::min(stream.packet, stream.bytes - done);
      const MutableBytes slot = MutableBytes(frame_).subspan(used);
      if (framed) wire::write_channel_header(slot, kChannel, static_cast<std::uint16_t>(size));
      stamp(slot.subspan(header));
      done += size;
      used += header + size;
      if (plan_.segmented) continue;
      ::send(down ? pair.peer : pair.client, frame_.data(), used, MSG_DONTWAIT);
      used = 0;
    }
    // The kernel cuts it; a stream takes it as it is.
    if (plan_.segmented) ::send(down ? pair.peer : pair.client, frame_.data(), used, MSG_DONTWAIT);
    if (counting_) (down ? down_ : up_).sent += packets;
  }

  // Not counted yet: 0.
  void stamp(MutableBytes packet) const {
    const std::int64_t now = counting_ ? now_nanoseconds() : 0;
    std::memcpy(packet.data(), &now, sizeof now);
  }

  void receive(std::int64_t wait) {
    std::array<epoll_event, 64> events;
    const timespec limit{wait / kSecond, wait % kSecond};
    const int count = epoll_pwait2(poll_, events.data(), events.size(), &limit, nullptr);
    for (int i = 0; i < count; ++i) {
      const std::uint64_t tag = events[static_cast<std::size_t>(i)].data.u64;
      if (tag % 2 == 0) {
        arrivals_.read(pairs_[tag / 2].peer, [&](Bytes bytes, std::int64_t at) { take(up_, bytes, at); });
      } else {
        read_client(pairs_[tag / 2]);
      }
    }
  }

  void read_client(Pair& pair) {
    if (plan_.by_tcp) {
      return arrivals_.read_stream(pair.client, [&](Bytes bytes, std::int64_t at) {
        for (auto frame = pair.framer.next(bytes); frame && *frame; frame = pair.framer.next(bytes)) {
          take(down_, (*frame)->subspan(wire::kChannelHeaderSize), at);
        }
      });
    }
    const std::size_t header = plan_.port == 0 ? 0 : wire::kChannelHeaderSize;
    arrivals_.read(pair.client,
                   [&](Bytes bytes, std::int64_t at) { take(down_, bytes.subspan(header), at); });
  }

  static void take(Tally& tally, Bytes packet, std::int64_t at) {
    std::int64_t sent = 0;
    if (packet.size() < kHeader) return;
    std::memcpy(&sent, packet.data(), sizeof sent);
    if (sent != 0) tally.delays.push_back(at - sent);
  }

  static void report(const char* name, Tally& tally) {
    std::ranges::sort(tally.delays);
    const auto at = [&](double part) {
      if (tally.delays.empty()) return 0.0;
      const auto index = static_cast<std::size_t>(part * static_cast<double>(tally.delays.size() - 1));
      return static_cast<double>(tally.delays[index]) / 1000;
    };
    std::printf(", \"%s_sent\": %llu, \"%s_received\": %zu, \"%s_p50_us\": %.1f, \"%s_p99_us\": %.1f", name,
                static_cast<unsigned long long>(tally.sent), name, tally.delays.size(), name, at(0.5), name,
                at(0.99));
  }

  // Constant after construction.
  Plan plan_;
  std::vector<Pair> pairs_;
  int poll_;

  std::int64_t begin_ = 0;
  bool counting_ = false;
  std::uint64_t down_frames_ = 0;
  std::uint64_t up_frames_ = 0;
  std::int64_t processor_ = 0;
  Tally down_, up_;
  Arrivals arrivals_;
  std::array<std::uint8_t, kMaxFrame> frame_{};
};

int usage() {
  std::fputs(
      "usage: relay_load [OPTION]...   through the TURN server on 127.0.0.1, or without one\n"
      "  --port N  --secret TEXT  --process ID       the server, what it signs with, whose time to count\n"
      "  --allocations N  --seconds S  --first-peer-port N\n"
      "  --tcp  --segmented  --together  --single    clients on TCP; frames sent at once; all frames at the "
      "same\n"
      "                                              moment; receivers read every datagram for itself\n"
      "  --down video|none  --up feedback|video|none\n",
      stderr);
  return 2;
}

std::optional<Stream> stream_named(std::string_view name) {
  if (name == "video") return kVideo;
  if (name == "feedback") return kFeedback;
  if (name == "none") return kNone;
  return std::nullopt;
}

bool set_flag(Plan& plan, std::string_view name) {
  if (name == "--tcp") return plan.by_tcp = true;
  if (name == "--segmented") return plan.segmented = true;
  if (name == "--together") return !(plan.spread = false);
  if (name == "--single") return !(plan.coalesced = false);
  return false;
}

bool set_value(Plan& plan, std::string_view name, const char* text) {
  const int number = std::atoi(text);
  if (name == "--port") return (plan.port = static_cast<std::uint16_t>(number)) != 0;
  if (name == "--secret") return !(plan.secret = text).empty();
  if (name == "--process") return (plan.process = number) > 0;
  if (name == "--allocations") return (plan.allocations = static_cast<std::size_t>(number)) > 0;
  if (name == "--seconds") return (plan.seconds = std::atof(text)) > 0;
  if (name == "--first-peer-port") return (plan.first_peer_port = static_cast<std::uint16_t>(number)) != 0;
  const auto stream = stream_named(text);
  if (!stream) return false;
  if (name == "--down") plan.down = *stream;
  if (name == "--up") plan.up = *stream;
  return name == "--down" || name == "--up";
}

int main_of(int argc, char** argv) {
  Plan plan;
  for (int i = 1; i < argc; ++i) {
    if (set_flag(plan, argv[i])) continue;
    if (i + 1 == argc || !set_value(plan, argv[i], argv[i + 1])) return usage();
    ++i;
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  const auto load = std::make_unique<Load>(plan);
  load->run();
  load->report();
  return 0;
}

}  // namespace
}  // namespace porthole::bench

int main(int argc, char** argv) {
  return porthole::bench::main_of(argc, argv);
}
