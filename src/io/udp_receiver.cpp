#include "io/udp_receiver.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/socket_address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {
namespace {

template <class T>
T payload(const cmsghdr& message) {
  T value;
  std::memcpy(&value, CMSG_DATA(&message), sizeof value);
  return value;
}

}  // namespace

void coalesce_arrivals(int fd) {
  set_option(fd, SOL_UDP, UDP_GRO, 1);
}

// The buffers are not filled with zeros: most are never touched.
UdpReceiver::UdpReceiver() : slots_(std::make_unique_for_overwrite<std::array<Slot, kReceiveBatch>>()) {
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
  datagrams_.clear();
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i) {
    const Slot& slot = (*slots_)[i];
    cut(open(headers_[i], slot, local), Bytes(slot.bytes).first(headers_[i].msg_len));
    reset(i);
  }
  batch.datagrams = datagrams_;
  return batch;
}

void UdpReceiver::cut(const Envelope& envelope, Bytes message) {
  for (std::size_t i = 0; i < kMaxCoalesced; ++i) {
    const Bytes datagram = message.first(std::min(envelope.segment_size, message.size()));
    datagrams_.push_back({envelope.path, datagram});
    message = message.subspan(datagram.size());
    if (message.empty()) return;
  }
}

UdpReceiver::Envelope UdpReceiver::open(const mmsghdr& message, const Slot& slot,
                                        const SocketAddress& local) {
  Envelope envelope{{.transport = Transport::udp, .local = local, .remote = from_kernel(slot.from)},
                    message.msg_len};
  msghdr cursor = message.msg_hdr;  // CMSG_NXTHDR wants one that is not const.
  for (cmsghdr* part = CMSG_FIRSTHDR(&cursor); part != nullptr; part = CMSG_NXTHDR(&cursor, part)) {
    if (part->cmsg_level == IPPROTO_IP && part->cmsg_type == IP_PKTINFO) {
      // Not ipi_addr, the header's destination: for a broadcast that is no address to answer from.
      envelope.path.local.ip = from_kernel(payload<in_pktinfo>(*part).ipi_spec_dst);
    } else if (part->cmsg_level == IPPROTO_IPV6 && part->cmsg_type == IPV6_PKTINFO) {
      const auto hit = payload<in6_pktinfo>(*part);
      envelope.path.local.ip = from_kernel(hit.ipi6_addr).with_zone(hit.ipi6_ifindex);
    } else if (part->cmsg_level == SOL_UDP && part->cmsg_type == UDP_GRO) {
      envelope.segment_size = static_cast<std::size_t>(std::max(payload<int>(*part), 1));
    }
  }
  return envelope;
}

}  // namespace porthole::io
