#include "check/channel.hpp"

#include <array>

namespace porthole::check {
namespace {

constexpr std::size_t kMaxDatagram = 2048;

// No answer that the check waits for is longer.
constexpr std::size_t kMaxFrame = 4096;

}  // namespace

Result<std::unique_ptr<Channel>, Fault> UdpChannel::open(const SocketAddress& address) {
  auto fd = connect_udp(address);
  if (!fd) return fail(fd.error());
  return std::unique_ptr<Channel>(new UdpChannel(*std::move(fd)));
}

Result<void, Fault> UdpChannel::send(Bytes message, const Deadline& deadline) {
  return write_all(fd_.get(), message, deadline);
}

Result<Buffer, Fault> UdpChannel::receive(const Deadline& deadline) {
  Buffer datagram(kMaxDatagram);
  const auto count = read_some(fd_.get(), datagram, deadline);
  if (!count) return fail(count.error());
  datagram.resize(*count);
  return datagram;
}

Result<std::unique_ptr<Channel>, Fault> StreamChannel::open(const Endpoint& endpoint,
                                                            wire::StreamFraming framing,
                                                            const Deadline& deadline) {
  auto stream = Stream::open(endpoint, deadline);
  if (!stream) return fail(stream.error());
  return std::unique_ptr<Channel>(new StreamChannel(*std::move(stream), framing));
}

Result<void, Fault> StreamChannel::send(Bytes message, const Deadline& deadline) {
  if (framing_ == wire::StreamFraming::turn) return stream_->write_all(message, deadline);
  Buffer framed(wire::kLengthPrefixSize);
  store_u16(framed.data(), static_cast<std::uint16_t>(message.size()));
  framed.insert(framed.end(), message.begin(), message.end());
  return stream_->write_all(framed, deadline);
}

Result<Buffer, Fault> StreamChannel::receive(const Deadline& deadline) {
  while (ready_.empty()) {
    std::array<std::uint8_t, kMaxFrame> bytes;
    const auto count = stream_->read_some(bytes, deadline);
    if (!count) return fail(count.error());
    if (*count == 0) return fail(Fault{Reason::closed, {}, true});
    if (!take(Bytes(bytes).first(*count))) {
      return fail(Fault{Reason::bad_answer, "What answers speaks another protocol.", true});
    }
  }
  Buffer message = std::move(ready_.front());
  ready_.pop_front();
  return message;
}

bool StreamChannel::take(Bytes bytes) {
  while (true) {
    const auto frame = framer_.next(bytes, kMaxFrame);
    if (!frame) return false;
    if (!*frame) return true;
    ready_.emplace_back((*frame)->begin(), (*frame)->end());
  }
}

}  // namespace porthole::check
