// Reads what has arrived at a socket, with as few system calls as there can be, and when the kernel got it.
#pragma once

#include <array>
#include <cstring>
#include <memory>

#include "base/bytes.hpp"
#include "relay/system.hpp"

namespace porthole::bench {

class Arrivals {
 public:
  Arrivals() : slots_(std::make_unique<std::array<Slot, kSlots>>()) {}

  // Calls take(bytes, stamp) for each datagram, or piece of a stream, that is there.
  template <class Take>
  void read(int fd, const Take& take) {
    while (true) {
      const int count = recvmmsg(fd, prepare(), kSlots, MSG_DONTWAIT, nullptr);
      for (int i = 0; i < count; ++i) cut(headers_[static_cast<std::size_t>(i)], i, take);
      if (count < static_cast<int>(kSlots)) return;
    }
  }
  template <class Take>
  void read_stream(int fd, const Take& take) {
    mmsghdr* header = prepare();
    const ssize_t size = recvmsg(fd, &header->msg_hdr, MSG_DONTWAIT);
    if (size <= 0) return;
    header->msg_len = static_cast<unsigned>(size);
    cut(*header, 0, take);
  }

 private:
  static constexpr std::size_t kSlots = 16;
  struct Slot {
    std::array<std::uint8_t, 65'536> bytes;
    alignas(cmsghdr) std::array<std::uint8_t, 128> control;
  };

  mmsghdr* prepare() {
    for (std::size_t i = 0; i < kSlots; ++i) {
      Slot& slot = (*slots_)[i];
      vectors_[i] = {slot.bytes.data(), slot.bytes.size()};
      headers_[i] = {};
      headers_[i].msg_hdr.msg_iov = &vectors_[i];
      headers_[i].msg_hdr.msg_iovlen = 1;
      headers_[i].msg_hdr.msg_control = slot.control.data();
      headers_[i].msg_hdr.msg_controllen = slot.control.size();
    }
    return headers_.data();
  }

  template <class Take>
  void cut(mmsghdr& header, int index, const Take& take) {
    std::size_t segment = header.msg_len;
    std::int64_t stamp = 0;
    for (cmsghdr* part = CMSG_FIRSTHDR(&header.msg_hdr); part != nullptr;
         part = CMSG_NXTHDR(&header.msg_hdr, part)) {
      if (part->cmsg_level == SOL_SOCKET && part->cmsg_type == SO_TIMESTAMPNS) {
        timespec time{};
        std::memcpy(&time, CMSG_DATA(part), sizeof time);
        stamp = nanoseconds(time);
      } else if (part->cmsg_level == SOL_UDP && part->cmsg_type == UDP_GRO) {
        int size = 0;
        std::memcpy(&size, CMSG_DATA(part), sizeof size);
        segment = static_cast<std::size_t>(size);
      }
    }
    if (stamp == 0) stamp = now_nanoseconds();
    Bytes rest = Bytes((*slots_)[static_cast<std::size_t>(index)].bytes).first(header.msg_len);
    for (; !rest.empty(); rest = rest.subspan(std::min(segment, rest.size()))) {
      take(rest.first(std::min(segment, rest.size())), stamp);
    }
  }

  std::unique_ptr<std::array<Slot, kSlots>> slots_;
  std::array<iovec, kSlots> vectors_{};
  std::array<mmsghdr, kSlots> headers_{};
};

}  // namespace porthole::bench
