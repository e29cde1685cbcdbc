// What a fan-out costs at the least on this machine: for each frame and destination nothing but AES-128-GCM
// of its packets and a segmented send, in a loop. No retransmission, no report, no bookkeeping. It says what
// that cost, as one line of JSON.
#include <openssl/evp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <time.h>

#include <atomic>
#include <chrono>
#include <fstream>
#include <memory>
#include <new>
#include <thread>

#include "gro_sockets.hpp"

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

// Shared with the process that reads.
struct Counters {
  std::atomic<std::uint64_t> packets{0};
  std::atomic<bool> measuring{false};
};

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
  explicit FanOut(const std::vector<sockaddr_in>& addresses)
      : descriptor_(::socket(AF_INET, SOCK_DGRAM, 0)), frame_(kMaxFrame, 0x5a), out_(kMaxSend) {
    require(descriptor_ >= 0, "socket");
    for (std::size_t i = 0; i < addresses.size(); ++i) add(addresses[i], i);
  }
  ~FanOut() { ::close(descriptor_); }
  FanOut(const FanOut&) = delete;
  FanOut& operator=(const FanOut&) = delete;

  void send_frame(std::size_t bytes, Tally& tally) {
    const std::size_t count = (bytes + kMaxPayload - 1) / kMaxPayload;
    const std::size_t part = (bytes + count - 1) / count;
    for (Destination& destination : destinations_) send_to(destination, bytes, part, tally);
  }

 private:
  void add(const sockaddr_in& address, std::size_t number) {
    Destination& destination = destinations_.emplace_back();
    destination.address = address;
    destination.header = {0x80, 102};
    std::memcpy(destination.header.data() + 8, &number, 4);
    std::array<std::uint8_t, 16> key{};
    std::memcpy(key.data(), &number, sizeof number);
    require(
        EVP_EncryptInit_ex(destination.cipher.get(), EVP_aes_128_gcm(), nullptr, key.data(), nullptr) == 1,
        "AES-GCM");
  }

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

[[noreturn]] void read_forever(GroSockets& sockets, Counters& counters) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  for (;;) {
    const std::uint64_t packets = sockets.receive(1000).packets;
    if (counters.measuring.load()) counters.packets += packets;
  }
}

void measure(FanOut& fan_out, const std::vector<std::size_t>& frames, std::size_t count, Counters& counters) {
  Tally tally;
  double before = 0;
  auto due = Clock::now();
  for (std::size_t i = 0; i < kWarmUpFrames + count; ++i, due += kFrameTime) {
    if (i == kWarmUpFrames) {
      tally = {};
      counters.measuring = true;
      before = processor_seconds();
    }
    std::this_thread::sleep_until(due);
    fan_out.send_frame(frames[i % frames.size()], tally);
    if (Clock::now() > due + kFrameTime) ++tally.late;
  }
  const double used = processor_seconds() - before;
  std::this_thread::sleep_for(std::chrono::milliseconds(200));
  std::printf(
      "{\"packets\":%lu,\"failed\":%lu,\"delivered\":%lu,\"processor_seconds\":%.6f,\"late_frames\":%lu}\n",
      tally.packets, tally.failed, counters.packets.load(), used, tally.late);
}

int run(std::size_t destinations, double seconds, const std::vector<std::size_t>& frames) {
  void* shared = ::mmap(nullptr, sizeof(Counters), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  require(shared != MAP_FAILED, "mmap");
  Counters& counters = *new (shared) Counters;
  std::vector<sockaddr_in> addresses;
  pid_t reader = -1;
  {
    // The sockets are the reader's alone once it has its copy of them.
    GroSockets sockets(destinations);
    addresses = sockets.addresses();
    reader = ::fork();
    require(reader >= 0, "fork");
    if (reader == 0) read_forever(sockets, counters);
  }
  FanOut fan_out(addresses);
  measure(fan_out, frames, static_cast<std::size_t>(seconds * 30), counters);
  ::kill(reader, SIGKILL);
  return 0;
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
}  // namespace porthole::bench

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fputs(
        "usage: fan_out_limit DESTINATIONS SECONDS FILE   FILE has the bytes of each frame, a line each\n",
        stderr);
    return 2;
  }
  const std::vector<std::size_t> frames = porthole::bench::read_frames(argv[3]);
  if (frames.empty()) {
    std::fprintf(stderr, "%s: no frames\n", argv[3]);
    return 1;
  }
  return porthole::bench::run(static_cast<std::size_t>(std::atol(argv[1])), std::atof(argv[2]), frames);
}
