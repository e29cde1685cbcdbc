// A viewer's TCP connection to the server, with TLS on it or without, that carries frames.
#pragma once

#include <vector>

#include "crypto/openssl.hpp"
#include "load/link.hpp"
#include "load/poller.hpp"
#include "wire/stream_framing.hpp"

namespace porthole::load {

class StreamLink final : public Link, private Pollable {
 public:
  // Borrows the poller and the events. `tls` may be null: then there is none.
  StreamLink(Poller& poller, const SocketAddress& server, wire::StreamFraming framing, crypto::SslHandle tls,
             LinkEvents& events);
  ~StreamLink() override;
  StreamLink(const StreamLink&) = delete;
  StreamLink& operator=(const StreamLink&) = delete;

  void open() override;
  // Whole frames, but for the length that ICE-TCP puts before each.
  void send(Bytes message) override;
  SocketAddress local() const override;

 private:
  void handle_events(std::uint32_t events) override;
  void establish();
  void read();
  void flush();
  void await_room(bool wanted);
  void fail(const char* what);
  // Bytes that moved; 0 when it would have to wait, negative at the end or after an error.
  ssize_t read_some(MutableBytes room);
  ssize_t write_some(Bytes bytes);

  // Constant after construction.
  const SocketAddress server_;
  const wire::StreamFraming framing_;

  // Borrowed: outlive this.
  Poller& poller_;
  LinkEvents& events_;

  // Owned.
  int fd_ = -1;
  crypto::SslHandle tls_;

  wire::StreamFramer framer_;
  std::vector<std::uint8_t> unsent_;
  bool connected_ = false;
  bool open_ = false;
  bool awaits_room_ = false;
  bool failed_ = false;
};

}  // namespace porthole::load
