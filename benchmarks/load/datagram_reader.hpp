// Datagrams in batches, as the kernel has them: several of one size in one message (UDP_GRO), with the time
// when they came.
#pragma once

#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <cstdint>
#include <memory>

#include "base/bytes.hpp"
#include "load/clock.hpp"

namespace porthole::load {

class DatagramReader {
 public:
  DatagramReader();
  DatagramReader(const DatagramReader&) = delete;
  DatagramReader& operator=(const DatagramReader&) = delete;

  // Reads one batch and calls visit(bytes, arrival) for each datagram.
  template <class Visit>
  void read(int fd, Visit&& visit) {
    const std::size_t count = receive(fd);
    for (std::size_t i = 0; i < count; ++i) {
      const Message message = take(i);
      for (Bytes rest = message.bytes; !rest.empty();) {
        const std::size_t size = message.segment < rest.size() ? message.segment : rest.size();
        visit(rest.first(size), message.arrival);
        rest = rest.subspan(size);
      }
    }
  }

 private:
  static constexpr std::size_t kBatch = 8;
  static constexpr std::size_t kMaxMessage = 64 * 1024;  // What GRO puts together at most.
  static constexpr std::size_t kControl = CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(timespec));

  struct Slot {
    std::array<std::uint8_t, kMaxMessage> bytes;
    alignas(cmsghdr) std::array<std::uint8_t, kControl> control;
    iovec vector{};
  };
  struct Message {
    Bytes bytes;
    std::size_t segment = 0;  // The size of each datagram but the last.
    Arrival arrival = 0;
  };

  std::size_t receive(int fd);
  // Reads the message and makes its place ready for the next.
  Message take(std::size_t index);

  std::unique_ptr<std::array<Slot, kBatch>> slots_;
  std::array<mmsghdr, kBatch> headers_{};
};

}  // namespace porthole::load
