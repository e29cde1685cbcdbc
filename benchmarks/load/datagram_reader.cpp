#include "load/datagram_reader.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cstring>

namespace porthole::load {

DatagramReader::DatagramReader() : slots_(std::make_unique<std::array<Slot, kBatch>>()) {
  for (std::size_t i = 0; i < kBatch; ++i) {
    Slot& slot = (*slots_)[i];
    slot.vector = {slot.bytes.data(), slot.bytes.size()};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_iov = &slot.vector;
    header.msg_iovlen = 1;
    header.msg_control = slot.control.data();
    header.msg_controllen = slot.control.size();
  }
}

std::size_t DatagramReader::receive(int fd) {
  return static_cast<std::size_t>(
      std::max(::recvmmsg(fd, headers_.data(), kBatch, MSG_DONTWAIT, nullptr), 0));
}

DatagramReader::Message DatagramReader::take(std::size_t index) {
  msghdr& header = headers_[index].msg_hdr;
  Message message;
  message.bytes = Bytes((*slots_)[index].bytes).first(headers_[index].msg_len);
  message.segment = message.bytes.size();
  for (cmsghdr* control = CMSG_FIRSTHDR(&header); control != nullptr;
       control = CMSG_NXTHDR(&header, control)) {
    if (control->cmsg_level == SOL_UDP && control->cmsg_type == UDP_GRO) {
      int size = 0;
      std::memcpy(&size, CMSG_DATA(control), sizeof size);
      message.segment = static_cast<std::size_t>(std::max(size, 1));
    } else if (control->cmsg_level == SOL_SOCKET && control->cmsg_type == SCM_TIMESTAMPNS) {
      timespec time{};
      std::memcpy(&time, CMSG_DATA(control), sizeof time);
      message.arrival = to_arrival(time);
    }
  }
  header.msg_controllen = kControl;
  header.msg_flags = 0;
  if (message.arrival == 0) message.arrival = arrival_now();
  return message;
}

}  // namespace porthole::load
