// A viewer's UDP socket, connected to the server.
#pragma once

#include "load/datagram_reader.hpp"
#include "load/link.hpp"
#include "load/poller.hpp"

namespace porthole::load {

class UdpLink final : public Link, private Pollable {
 public:
  // Borrows all but the address. With `gro` the kernel hands over what came together as one.
  UdpLink(Poller& poller, DatagramReader& reader, const SocketAddress& server, bool gro, LinkEvents& events);
  ~UdpLink() override;
  UdpLink(const UdpLink&) = delete;
  UdpLink& operator=(const UdpLink&) = delete;

  void open() override;
  void send(Bytes message) override;
  SocketAddress local() const override;
  std::uint64_t dropped() const override;

 private:
  void handle_events(std::uint32_t events) override;
  bool prepare();

  // Constant after construction.
  const SocketAddress server_;
  const bool gro_;
  int fd_ = -1;

  // Borrowed: outlive this.
  Poller& poller_;
  DatagramReader& reader_;
  LinkEvents& events_;
};

}  // namespace porthole::load
