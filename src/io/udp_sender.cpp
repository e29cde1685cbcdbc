#include "io/udp_sender.hpp"

#include <netinet/udp.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "io/socket_address.hpp"
#include "io/sockets.hpp"

namespace porthole::io {
namespace {

// A refusal may be about one destination only (a path whose MTU is below the segment size), so offload is
// given up for good only after this many, with no success in between, where single datagrams went out.
constexpr int kMaxRefusals = 16;

bool would_block(int error) {
  return error == EAGAIN || error == EWOULDBLOCK;
}

// A batch without a segment size is one datagram.
std::size_t segment_size(const TransmitBatch& batch) {
  return batch.segment_size == 0 ? batch.size : batch.segment_size;
}

std::size_t segments(const TransmitBatch& batch, std::size_t from) {
  const std::size_t size = segment_size(batch);
  return (batch.size - from + size - 1) / size;
}

}  // namespace

bool kernel_can_segment(int fd) {
  return set_option(fd, IPPROTO_UDP, UDP_SEGMENT, 0);
}

// Destination and control messages of a send; the bytes are named per message.
class UdpSender::Envelope {
 public:
  // Without a segment size each message is one datagram.
  Envelope(const FiveTuple& to, Family socket_family, std::uint16_t segment = 0)
      : to_(to_kernel(to.remote, socket_family)) {
    if (segment > 0) add(IPPROTO_UDP, UDP_SEGMENT, segment);
    add_source(to.local.ip, socket_family);
  }

  bool possible() const { return to_.size > 0; }

  // Borrows this and the vector.
  msghdr message(iovec& vector) const {
    msghdr header{};
    header.msg_name = const_cast<sockaddr_storage*>(&to_.storage);  // The kernel only reads it.
    header.msg_namelen = to_.size;
    header.msg_iov = &vector;
    header.msg_iovlen = 1;
    header.msg_control = control_size_ == 0 ? nullptr : const_cast<std::uint8_t*>(control_.data());
    header.msg_controllen = control_size_;
    return header;
  }

 private:
  void add_source(const IpAddress& from, Family socket_family) {
    if (from.is_unspecified()) return;
    if (socket_family == Family::ipv6) {
      // An IPv4 packet takes its source from here too, as ::ffff:a.b.c.d.
      add(IPPROTO_IPV6, IPV6_PKTINFO,
          in6_pktinfo{.ipi6_addr = to_in6_addr(from), .ipi6_ifindex = from.zone()});
    } else if (from.is_v4()) {
      add(IPPROTO_IP, IP_PKTINFO,
          in_pktinfo{.ipi_ifindex = 0, .ipi_spec_dst = to_in_addr(from), .ipi_addr = {}});
    }
  }

  template <class T>
  void add(int level, int type, const T& value) {
    cmsghdr header{};
    header.cmsg_len = CMSG_LEN(sizeof value);
    header.cmsg_level = level;
    header.cmsg_type = type;
    std::memcpy(control_.data() + control_size_, &header, sizeof header);
    std::memcpy(control_.data() + control_size_ + CMSG_LEN(0), &value, sizeof value);
    control_size_ += CMSG_SPACE(sizeof value);
  }

  KernelAddress to_;
  alignas(cmsghdr) std::array<std::uint8_t,
                              CMSG_SPACE(sizeof(in6_pktinfo)) + CMSG_SPACE(sizeof(std::uint16_t))> control_{};
  std::size_t control_size_ = 0;
};

namespace {

// sendmsg takes what it only reads as not const.
iovec vector_of(Bytes bytes) {
  return {const_cast<std::uint8_t*>(bytes.data()), bytes.size()};
}

}  // namespace

UdpSender::UdpSender(int fd, Family socket_family, bool segmentation_offload, UdpSystemCalls calls)
    : fd_(fd), socket_family_(socket_family), calls_(calls), segmentation_(segmentation_offload) {}

UdpSender::Sent UdpSender::send(const TransmitBatch& batch) {
  if (batch.size == 0) return Sent::sent;
  if (!flush()) return Sent::blocked;
  bool refused = false;
  if (segmentation_ && batch.size > segment_size(batch)) {
    const Attempt attempt = send_at_once(batch);
    if (attempt == Attempt::sent) return Sent::sent;
    if (attempt == Attempt::blocked) return Sent::blocked;
    refused = true;
  }
  const Envelope envelope(batch.to, socket_family_);
  if (!envelope.possible()) {
    unsendable_ += segments(batch, 0);
    return Sent::dropped;
  }
  const Progress progress = send_each(envelope, batch, 0);
  if (progress.dropped) return Sent::dropped;
  if (refused && ++refusals_in_a_row_ >= kMaxRefusals) segmentation_ = false;
  if (progress.done == 0) return Sent::blocked;
  if (progress.done < batch.size) keep_rest(batch, progress.done);
  return Sent::sent;
}

UdpSender::Attempt UdpSender::send_at_once(const TransmitBatch& batch) {
  const Envelope envelope(batch.to, socket_family_, static_cast<std::uint16_t>(batch.segment_size));
  if (!envelope.possible()) return Attempt::refused;
  iovec vector = vector_of(batch.bytes());
  const msghdr message = envelope.message(vector);
  while (calls_.send_message(fd_, &message, MSG_DONTWAIT) < 0) {
    if (errno == EINTR) continue;
    if (would_block(errno)) return Attempt::blocked;
    // The device cannot compute checksums, or the kernel encrypts on this route. That stays so.
    if (errno == EIO) segmentation_ = false;
    return Attempt::refused;
  }
  refusals_in_a_row_ = 0;
  return Attempt::sent;
}

UdpSender::Progress UdpSender::send_each(const Envelope& envelope, const TransmitBatch& batch,
                                         std::size_t from) {
  std::array<iovec, kMaxSegments> vectors;
  std::array<mmsghdr, kMaxSegments> messages;
  const std::size_t size = segment_size(batch);
  while (from < batch.size) {
    const std::size_t count = std::min(segments(batch, from), kMaxSegments);
    for (std::size_t i = 0; i < count; ++i) {
      const Bytes rest = batch.bytes().subspan(from + i * size);
      vectors[i] = vector_of(rest.first(std::min(size, rest.size())));
      messages[i] = {envelope.message(vectors[i]), 0};
    }
    const int sent = calls_.send_messages(fd_, messages.data(), static_cast<unsigned>(count), MSG_DONTWAIT);
    if (sent >= 0) {
      from = std::min(from + static_cast<std::size_t>(sent) * size, batch.size);
    } else if (would_block(errno)) {
      return {.done = from};
    } else if (errno != EINTR) {
      // No route, no permission…: the next segments have the same destination.
      unsendable_ += segments(batch, from);
      return {.done = batch.size, .dropped = true};
    }
  }
  return {.done = batch.size};
}

void UdpSender::keep_rest(const TransmitBatch& batch, std::size_t from) {
  // make_unique would fill the buffer with zeros.
  rest_.reset(new TransmitBatch);  // NOLINT(modernize-make-unique)
  rest_->to = batch.to;
  rest_->segment_size = batch.segment_size;
  rest_->size = batch.size;
  rest_from_ = from;
  const Bytes bytes = batch.bytes().subspan(from);
  std::memcpy(rest_->buffer.data() + from, bytes.data(), bytes.size());
}

bool UdpSender::flush() {
  if (!has_rest()) return true;
  rest_from_ = send_each(Envelope(rest_->to, socket_family_), *rest_, rest_from_).done;
  if (rest_from_ == rest_->size) rest_.reset();
  return !has_rest();
}

}  // namespace porthole::io
