#include "io/udp_receiver.hpp"

#include <cerrno>
#include <cstring>

#include "io/socket_address.hpp"

namespace porthole::io {
namespace {

template <class T>
T payload(const cmsghdr& message) {
  T value;
  std::memcpy(&value, CMSG_DATA(&message), sizeof value);
  return value;
}

}  // namespace

UdpReceiver::UdpReceiver() : slots_(std::make_unique<std::array<Slot, kReceiveBatch>>()) {
  for (std::size_t i = 0; i < kReceiveBatch; ++i) {
    Slot& slot = (*slots_)[i];
    slot.vector = {slot.bytes.data(), slot.bytes.size()};
    msghdr& header = headers_[i].msg_hdr;
    header.msg_name = &slot.from;
    header.msg_iov = &slot.vector;
    header.msg_iovlen = 1;
    header.msg_control = slot.control.data();
    reset(i);
  }
}

// The kernel writes the lengths that it used into these fields.
void UdpReceiver::reset(std::size_t index) {
  msghdr& header = headers_[index].msg_hdr;
  header.msg_namelen = sizeof(sockaddr_storage);
  header.msg_controllen = sizeof(Slot::control);
  header.msg_flags = 0;
}

UdpReceiver::Batch UdpReceiver::receive(int fd, const SocketAddress& local) {
  const int count = recvmmsg(fd, headers_.data(), kReceiveBatch, MSG_DONTWAIT, nullptr);
  if (count < 0) {
    Batch none;
    if (errno != EAGAIN && errno != EWOULDBLOCK) none.outcome = Outcome::failed;
    return none;
  }
  Batch batch;
  batch.outcome = Outcome::read;
  batch.more = count == kReceiveBatch;
  std::size_t kept = 0;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const msghdr& header = headers_[i].msg_hdr;
    if ((header.msg_flags & MSG_TRUNC) != 0) {
      ++batch.oversized;
    } else {
      const Slot& slot = (*slots_)[i];
      datagrams_[kept++] = {path_of(header, slot, local), Bytes(slot.bytes).first(headers_[i].msg_len)};
    }
    reset(i);
  }
  batch.datagrams = std::span(datagrams_).first(kept);
  return batch;
}

FiveTuple UdpReceiver::path_of(const msghdr& header, const Slot& slot, const SocketAddress& local) {
  FiveTuple path{.transport = Transport::udp, .local = local, .remote = from_kernel(slot.from)};
  msghdr cursor = header;  // CMSG_NXTHDR wants one that is not const.
  for (cmsghdr* message = CMSG_FIRSTHDR(&cursor); message != nullptr;
       message = CMSG_NXTHDR(&cursor, message)) {
    if (message->cmsg_level == IPPROTO_IP && message->cmsg_type == IP_PKTINFO) {
      // Not ipi_addr, the header's destination: for a broadcast that is no address to answer from.
      path.local.ip = from_kernel(payload<in_pktinfo>(*message).ipi_spec_dst);
    } else if (message->cmsg_level == IPPROTO_IPV6 && message->cmsg_type == IPV6_PKTINFO) {
      const auto hit = payload<in6_pktinfo>(*message);
      path.local.ip = from_kernel(hit.ipi6_addr).with_zone(hit.ipi6_ifindex);
    }
  }
  return path;
}

}  // namespace porthole::io
