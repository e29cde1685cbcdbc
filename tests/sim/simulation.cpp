#include "simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace porthole::sim {
namespace {

// Timers of the node for one viewer: reports, DTLS, pacing of a backlog, and none that comes at once again.
constexpr std::size_t kMaxWakesASecond = 200;

constexpr std::size_t kMaxOnPath = 1200;

node::NodeOptions node_options(const Simulation::Options& options) {
  node::NodeOptions made;
  made.port = options.addresses.front().port;
  made.advertised = options.advertised;
  for (const SocketAddress& address : options.addresses) made.addresses.push_back(address.ip);
  made.secrets = {"the secret of the simulation"};
  made.max_viewers = options.max_viewers;
  return made;
}

std::uint64_t digest(Bytes bytes) {
  std::uint64_t sum = bytes.size();
  for (; bytes.size() >= sizeof(sum); bytes = bytes.subspan(sizeof(sum))) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data(), sizeof(word));
    sum = (sum ^ word) * 1099511628211ULL;
  }
  for (const std::uint8_t byte : bytes) sum = (sum ^ byte) * 1099511628211ULL;
  return sum;
}

}  // namespace

Simulation::Simulation(Options options)
    : options_(std::move(options)),
      random_(options_.seed),
      network_(scheduler_, options_.seed + 1),
      dtls_(random_),
      node_(node_options(options_), dtls_, random_),
      source_(scheduler_, options_.source,
              [this](const EncodedFrame& frame) {
                node_.push_frame(kBroadcast, std::make_shared<const EncodedFrame>(frame), now());
                pump();
              }),
      wake_(scheduler_, [this] { wake(); }),
      batch_(std::make_unique<TransmitBatch>()) {
  node_.set_wall_clock(WallClock(now(), WallTime(std::chrono::seconds(1'800'000'000))));
  node_.add_broadcast(kBroadcast);
  network_.set_server({[this](const Datagram& datagram) {
                         node_.handle_datagram(datagram, now());
                         pump();
                       },
                       [this](const FiveTuple& path, Bytes bytes) {
                         streams_[path.connection] = path;
                         node_.handle_stream(path, bytes, now());
                         pump();
                       },
                       [this](const FiveTuple& path) {
                         streams_.erase(path.connection);
                         node_.handle_stream_closed(path, now());
                         pump();
                       },
                       [this](const FiveTuple& path) {
                         node_.handle_stream_writable(path.connection, now());
                         pump();
                       }},
                      options_.addresses);
  source_.start();
}

HttpResponse Simulation::http(HttpRequest request) {
  auto response = node_.handle_http(request, now());
  pump();
  EXPECT_TRUE(response.has_value()) << request.path;
  return response.value_or(HttpResponse{404, {}, {}});
}

const SocketAddress& Simulation::server(Family family) const {
  const auto found = std::ranges::find_if(
      options_.addresses, [&](const SocketAddress& address) { return address.ip.family() == family; });
  return found == options_.addresses.end() ? server() : *found;
}

IpAddress Simulation::new_client_ip() {
  return IpAddress::v4(++last_client_ip_);
}

void Simulation::wake() {
  if (now() >= second_began_ + 1s) {
    second_began_ = now();
    wakes_ = 0;
  }
  const std::size_t most = kMaxWakesASecond * (1 + node_.viewer_count() + node_.allocation_count());
  if (++wakes_ > most) {
    ADD_FAILURE() << "the node asks to be woken again and again";
    return;  // The end of its timers, so that the test ends as well.
  }
  node_.handle_timeout(now());
  pump();
}

void Simulation::pump() {
  send_batches();
  take_events();
  // Closing calls back into the node.
  for (const FiveTuple& stream : std::exchange(to_close_, {})) network_.close_stream(stream);
  wake_.set(node_.next_timeout());
}

void Simulation::send_batches() {
  while (node_.poll_transmit(*batch_, now())) {
    check_batch(*batch_);
    ++count_.batches;
    note(batch_->to.remote.port);
    note(digest(batch_->bytes()));
    if (!network_.deliver(*batch_)) node_.handle_stream_blocked(batch_->to.connection);
  }
}

void Simulation::check_batch(const TransmitBatch& batch) {
  EXPECT_TRUE(network_.may_be_sent_to(batch.to)) << batch.to.remote.to_string();
  EXPECT_NE(std::ranges::find(options_.addresses, batch.to.local), options_.addresses.end());
  ASSERT_GT(batch.size, 0U);
  ASSERT_LE(batch.size, batch.buffer.size());
  if (batch.to.is_stream()) return;
  ASSERT_GT(batch.segment_size, 0U);
  EXPECT_LE(batch.segment_size, kMaxOnPath);
  EXPECT_LE(batch.segment_size, batch.size);
  const std::size_t segments = (batch.size + batch.segment_size - 1) / batch.segment_size;
  EXPECT_LE(segments, kMaxSegments);
  count_.segments += segments;
  count_.most_segments = std::max(count_.most_segments, segments);
}

void Simulation::take_events() {
  while (const auto event = node_.poll_event()) {
    note(event->index());
    std::visit([this](const auto& what) { handle(what); }, *event);
  }
  while (const auto refused = node_.poll_refused()) refuse(*refused);
}

void Simulation::handle(const node::KeyframeWanted& event) {
  ++count_.keyframes_wanted;
  source_.request_keyframe(event.codec);
}

void Simulation::handle(const node::RenditionWanted& event) {
  renditions_wanted.push_back(event);
  source_.want(event.codec, event.wanted);
}

void Simulation::refuse(ConnectionId connection) {
  ++count_.connections_refused;
  const auto found = streams_.find(connection);
  if (found != streams_.end()) to_close_.push_back(found->second);
}

void Simulation::handle(const node::ViewerConnected& event) {
  ++count_.viewers_connected;
  viewers_connected.push_back(event);
}

void Simulation::handle(const node::ViewerGone& event) {
  ++count_.viewers_gone[event.reason];
}

void Simulation::note(std::uint64_t value) {
  for (const std::uint64_t part : {value, static_cast<std::uint64_t>(now().time_since_epoch().count())}) {
    trace_ = (trace_ ^ part) * 1099511628211ULL;
  }
}

void Simulation::expect_nothing_left() {
  EXPECT_EQ(node_.viewer_count(), 0U);
  EXPECT_EQ(node_.allocation_count(), 0U);
}

}  // namespace porthole::sim
