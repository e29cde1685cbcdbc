// What a fan-out costs at the least on this machine: for each frame and destination nothing but AES-128-GCM
// of its packets and a segmented send, in a loop. No retransmission, no report, no bookkeeping. Another
// process reads, with the load generator's sockets. It says what sending cost, as one line of JSON.
#include <netinet/in.h>
#include <netinet/udp.h>
#include <openssl/evp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <list>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include "io/file_limit.hpp"
#include "load/udp_link.hpp"

namespace porthole::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kFrameTime = std::chrono::nanoseconds(1'000'000'000 / 30);
constexpr std::size_t kWarmUpFrames = 30;
// What lets every form of a packet pass a path of 1200 bytes, as Porthole's own packets do.
constexpr std::size_t kMaxPayload = 1114;
constexpr std::size_t kRtpHeader = 12;
constexpr std::size_t kTag = 16;
constexpr std::size_t kNonce = 12;
// Of one send: the kernel's UDP_MAX_SEGMENTS before Linux 6.9, and what a datagram can be.
constexpr std::size_t kMaxSegments = 64;
constexpr std::size_t kMaxSend = 65'507;
constexpr std::size_t kMaxFrame = 1 << 20;

// Between two looks of the reader's at its sockets.
constexpr auto kNap = std::chrono::milliseconds(2);
// For what was sent and is not read yet.
constexpr auto kPatience = std::chrono::seconds(2);
constexpr std::size_t kMaxDestinations = 16'384;

void require(bool success, const char* what) {
  if (success) return;
  std::perror(what);
  std::exit(1);
}

// Shared by the process that sends and the one that reads.
struct Shared {
  std::array<std::uint16_t, kMaxDestinations>
      ports{};  // Where the readers are; complete once `ready` is true.
  std::atomic<bool> ready{false};
  std::atomic<bool> measuring{false};
  std::atomic<std::uint64_t> packets{0};  // That arrived while that was true.
};

Shared& make_shared_memory() {
  void* memory = ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(memory != MAP_FAILED, "mmap");
  return *new (memory) Shared;
}

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// One of them gets what is sent to it, and counts it.
class Reader final : private load::LinkEvents {
 public:
  Reader(load::Poller& poller, load::DatagramReader& datagrams, const SocketAddress& sender,
         std::uint64_t& packets)
      : packets_(packets), link_(poller, datagrams, sender, true, *this) {
    link_.open();
  }
  std::uint16_t port() const { return link_.local().port; }

 private:
  void link_opened() override {}
  void link_received(Bytes, load::Arrival) override { ++packets_; }
  void link_drained() override {}
  void link_failed(const std::string& reason) override {
    std::fprintf(stderr, "%s\n", reason.c_str());
    std::exit(1);
  }

  std::uint64_t& packets_;  // Borrowed: outlives this.
  load::UdpLink link_;
};

// Until the process that sends ends it, or has ended.
[[noreturn]] void read_forever(std::size_t count, const SocketAddress& sender, Shared& shared) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  load::Poller poller;
  load::DatagramReader datagrams;
  std::uint64_t packets = 0;
  std::list<Reader> readers;
  while (readers.size() < count) {
    readers.emplace_back(poller, datagrams, sender, packets);
    shared.ports[readers.size() - 1] = readers.back().port();
  }
  shared.ready = true;
  for (;;) {
    // As the load generator does: nobody waits, or each send had to wake them.
    std::this_thread::sleep_for(kNap);
    while (!poller.wait({})) {
    }
    if (shared.measuring) shared.packets += packets;
    packets = 0;
  }
}

struct Destination {
  struct Release {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };

  sockaddr_in address{};
  std::unique_ptr<EVP_CIPHER_CTX, Release> cipher{EVP_CIPHER_CTX_new()};
  std::array<std::uint8_t, kRtpHeader> header{};
  std::uint64_t index = 0;  // RFC 3711 section 3.3.1: of the next packet.
};

struct Tally {
  std::uint64_t packets = 0;
  std::uint64_t failed = 0;
  std::uint64_t late = 0;  // Frames that were not out when the next was due.
};

class FanOut {
 public:
  FanOut() : descriptor_(::socket(AF_INET, SOCK_DGRAM, 0)), frame_(kMaxFrame, 0x5a), out_(kMaxSend) {
    require(descriptor_ >= 0, "socket");
    const sockaddr_in address = loopback(0);
    require(::bind(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0, "bind");
  }
  ~FanOut() { ::close(descriptor_); }
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  std::uint16_t port() const {
    sockaddr_in address{};
    socklen_t size = sizeof address;
    ::getsockname(descriptor_, reinterpret_cast<sockaddr*>(&address), &size);
    return ntohs(address.sin_port);
  }

  void add(std::uint16_t port) {
    const std::size_t number = destinations_.size();
    Destination& destination = destinations_.emplace_back();
    destination.address = loopback(port);
    destination.header = {0x80, 102};
    std::memcpy(destination.header.data() + 8, &number, 4);
    std::array<std::uint8_t, 16> key{};
    std::memcpy(key.data(), &number, sizeof number);
    EVP_CIPHER_CTX* cipher = destination.cipher.get();
    require(EVP_EncryptInit_ex(cipher, EVP_aes_128_gcm(), nullptr, key.data(), nullptr) == 1, "AES-GCM");
  }

  void send_frame(std::size_t bytes, Tally& tally) {
    const std::size_t count = (bytes + kMaxPayload - 1) / kMaxPayload;
    const std::size_t part = (bytes + count - 1) / count;
    for (Destination& destination : destinations_) send_to(destination, bytes, part, tally);
  }

 private:
  void send_to(Destination& destination, std::size_t bytes, std::size_t part, Tally& tally) {
    const std::size_t segment = kRtpHeader + part + kTag;
    std::size_t used = 0;
    std::uint64_t packets = 0;
    for (std::size_t from = 0; from < bytes; from += part) {
      if (used + segment > kMaxSend || packets == kMaxSegments) {
        flush(destination, segment, used, packets, tally);
        used = packets = 0;
      }
      used += write_packet(destination, from, std::min(part, bytes - from), out_.data() + used);
      ++packets;
    }
    flush(destination, segment, used, packets, tally);
  }

  // RFC 7714 section 8.1, with a salt of zero.
  std::size_t write_packet(Destination& destination, std::size_t from, std::size_t size, std::uint8_t* out) {
    const std::uint64_t index = destination.index++;
    destination.header[2] = static_cast<std::uint8_t>(index >> 8);
    destination.header[3] = static_cast<std::uint8_t>(index);
    std::array<std::uint8_t, kNonce> nonce{};
    std::memcpy(nonce.data() + 2, destination.header.data() + 8, 4);
    for (std::size_t i = 0; i < 6; ++i) nonce[6 + i] = static_cast<std::uint8_t>(index >> (40 - 8 * i));
    std::memcpy(out, destination.header.data(), kRtpHeader);
    EVP_CIPHER_CTX* cipher = destination.cipher.get();
    int done = 0;
    EVP_EncryptInit_ex(cipher, nullptr, nullptr, nullptr, nonce.data());
    EVP_EncryptUpdate(cipher, nullptr, &done, out, kRtpHeader);
    EVP_EncryptUpdate(cipher, out + kRtpHeader, &done, frame_.data() + from, static_cast<int>(size));
    EVP_EncryptFinal_ex(cipher, out + kRtpHeader + size, &done);
    EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTag, out + kRtpHeader + size);
    return kRtpHeader + size + kTag;
  }

  void flush(Destination& destination, std::size_t segment, std::size_t used, std::uint64_t packets,
             Tally& tally) {
    iovec part{out_.data(), used};
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(std::uint16_t))> control{};
    msghdr message{};
    message.msg_name = &destination.address;
    message.msg_namelen = sizeof destination.address;
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = IPPROTO_UDP;
    header->cmsg_type = UDP_SEGMENT;
    header->cmsg_len = CMSG_LEN(sizeof(std::uint16_t));
    const auto size = static_cast<std::uint16_t>(segment);
    std::memcpy(CMSG_DATA(header), &size, sizeof size);
    const bool sent = ::sendmsg(descriptor_, &message, 0) >= 0;
    (sent ? tally.packets : tally.failed) += packets;
  }

  int descriptor_;
  std::vector<Destination> destinations_;
  std::vector<std::uint8_t> frame_;  // What is sent, whatever it is.
  std::vector<std::uint8_t> out_;
};

double processor_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

void measure(FanOut& fan_out, const std::vector<std::size_t>& frames, std::size_t count, Shared& shared) {
  Tally tally;
  double before = 0;
  auto due = Clock::now();
  for (std::size_t i = 0; i < kWarmUpFrames + count; ++i, due += kFrameTime) {
    if (i == kWarmUpFrames) {
      tally = {};
      shared.measuring = true;
      before = processor_seconds();
    }
    std::this_thread::sleep_until(due);
    fan_out.send_frame(frames[i % frames.size()], tally);
    if (Clock::now() > due + kFrameTime) ++tally.late;
  }
  const double used = processor_seconds() - before;
  const auto patience = Clock::now() + kPatience;
  while (shared.packets < tally.packets && Clock::now() < patience) std::this_thread::sleep_for(kNap);
  std::printf(
      "{\"packets\":%lu,\"failed\":%lu,\"delivered\":%lu,\"processor_seconds\":%.6f,\"late_frames\":%lu}\n",
      tally.packets, tally.failed, shared.packets.load(), used, tally.late);
}

int run(std::size_t destinations, double seconds, const std::vector<std::size_t>& frames) {
  Shared& shared = make_shared_memory();
  FanOut fan_out;
  const pid_t reader = ::fork();
  require(reader >= 0, "fork");
  if (reader == 0) read_forever(destinations, {IpAddress::v4(INADDR_LOOPBACK), fan_out.port()}, shared);
  while (!shared.ready && ::waitpid(reader, nullptr, WNOHANG) == 0) std::this_thread::sleep_for(10ms);
  if (shared.ready) {
    for (std::size_t i = 0; i < destinations; ++i) fan_out.add(shared.ports[i]);
    measure(fan_out, frames, static_cast<std::size_t>(seconds * 30), shared);
  }
  ::kill(reader, SIGKILL);
  return shared.ready ? 0 : 1;
}

std::vector<std::size_t> read_frames(const char* file) {
  std::ifstream input(file);
  std::vector<std::size_t> frames;
  for (std::size_t size = 0; input >> size;) {
    if (size > 0 && size <= kMaxFrame) frames.push_back(size);
  }
  return frames;
}

}  // namespace

int fan_out_limit(int argc, char** argv) {
  if (argc != 4) {
    std::fputs(
        "usage: fan_out_limit DESTINATIONS SECONDS FILE   FILE has the bytes of each frame, a line each\n",
        stderr);
    return 2;
  }
  const std::vector<std::size_t> frames = read_frames(argv[3]);
  if (frames.empty()) {
    std::fprintf(stderr, "%s: no frames\n", argv[3]);
    return 1;
  }
  io::raise_file_limit();
  const auto destinations =
      static_cast<std::size_t>(std::clamp<long>(std::atol(argv[1]), 1, kMaxDestinations));
  return run(destinations, std::atof(argv[2]), frames);
}

}  // namespace porthole::bench

int main(int argc, char** argv) {
  return porthole::bench::fan_out_limit(argc, argv);
}
