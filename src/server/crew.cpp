#include "server/crew.hpp"

#include <utility>

namespace porthole::server {
namespace {

std::size_t index_of(node::WorkerId worker) {
  return static_cast<std::size_t>(worker);
}

}  // namespace

Crew::Crew(Loops& loops, crypto::DtlsFactory& dtls, SourceControl& sources, const Limits& limits,
           const std::vector<IpNetwork>& trusted_proxies)
    : loops_(loops), counts_(limits) {
  for (std::size_t i = 0; i < loops.size(); ++i) {
    const Worker::Surroundings surroundings{loops[i], dtls, sources, *this};
    workers_.push_back(std::make_unique<Worker>(surroundings, tcp_options(limits, counts_, trusted_proxies)));
  }
}

Result<void, std::string> Crew::open(const std::vector<SocketAddress>& listen, node::NodeOptions options) {
  options.audience = std::make_shared<node::Audience>(options.max_viewers);
  options.position.workers = size();
  options.turn_commons = counts_.turn;
  std::vector<SocketAddress> addresses = listen;
  auto sharing = size() > 1 ? io::Sharing::first : io::Sharing::none;
  for (std::size_t i = 0; i < size(); ++i) {
    options.position.self = node::WorkerId{static_cast<std::uint8_t>(i)};
    if (auto opened = workers_[i]->open(addresses, sharing, options, counts_.dtls_clients); !opened)
      return opened;
    for (SocketAddress& address : addresses) address.port = port();
    sharing = io::Sharing::further;
  }
  return {};
}

std::vector<Sources::Receiver> Crew::receivers() {
  std::vector<Sources::Receiver> all;
  for (std::size_t i = 0; i < size(); ++i) all.push_back({loops_[i], *workers_[i]});
  return all;
}

void Crew::deliver(node::Parcel parcel) {
  Worker& receiver = *workers_[index_of(parcel.to)];
  receiver.put(std::move(parcel));
}

void Crew::pass_on(node::WorkerId from, node::WorkerId to, HttpRequest request, io::HttpReply reply) {
  io::EventLoop& home = loops_[index_of(from)];
  io::HttpReply come_back = [&home, reply = std::move(reply)](HttpResponse response) {
    home.post([reply, response = std::move(response)]() mutable { reply(std::move(response)); });
  };
  Worker& other = *workers_[index_of(to)];
  loops_[index_of(to)].post(
      [&other, request = std::move(request), come_back = std::move(come_back)]() mutable {
        other.answer(std::move(request), std::move(come_back));
      });
}

}  // namespace porthole::server
