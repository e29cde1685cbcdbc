// Messages to and from the server, whatever carries them: datagrams, or frames on a stream.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "check/stream.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::check {

using Buffer = std::vector<std::uint8_t>;

class Channel {
 public:
  virtual ~Channel() = default;

  virtual Result<void, Fault> send(Bytes message, const Deadline& deadline) = 0;
  // The next message; what is none is skipped or a Fault, as the carrier has it.
  virtual Result<Buffer, Fault> receive(const Deadline& deadline) = 0;
  // Whether what is lost on the way is sent again by somebody else (RFC 8489 section 6.2.2).
  virtual bool is_reliable() const = 0;
};

class UdpChannel final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>, Fault> open(const SocketAddress& address);

  Result<void, Fault> send(Bytes message, const Deadline& deadline) override;
  Result<Buffer, Fault> receive(const Deadline& deadline) override;
  bool is_reliable() const override { return false; }

 private:
  explicit UdpChannel(io::OwnedFd fd) : fd_(std::move(fd)) {}
  io::OwnedFd fd_;
};

class StreamChannel final : public Channel {
 public:
  static Result<std::unique_ptr<Channel>, Fault> open(const Endpoint& endpoint, wire::StreamFraming framing,
                                                      const Deadline& deadline);

  Result<void, Fault> send(Bytes message, const Deadline& deadline) override;
  Result<Buffer, Fault> receive(const Deadline& deadline) override;
  bool is_reliable() const override { return true; }

 private:
  StreamChannel(std::unique_ptr<Stream> stream, wire::StreamFraming framing)
      : stream_(std::move(stream)), framing_(framing), framer_(framing) {}
  // Cuts what has arrived into messages; false where that is impossible.
  bool take(Bytes bytes);

  std::unique_ptr<Stream> stream_;
  wire::StreamFraming framing_;
  wire::StreamFramer framer_;
  std::deque<Buffer> ready_;
};

}  // namespace porthole::check
