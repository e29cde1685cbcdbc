#include "simulation.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace porthole::sim {
namespace {

// Timers of the node for one viewer: reports, DTLS, pacing of a backlog, and none that comes at once again.
constexpr std::size_t kMaxWakesASecond = 200;

constexpr std::size_t kMaxOnPath = 1200;

// From one worker's thread to another's.
constexpr Duration kParcelDelay = 50us;

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

Simulation::Worker::Worker(Simulation& simulation, node::NodeOptions options)
    : node(std::move(options), simulation.dtls_, simulation.random_),
      wake(simulation.scheduler_, [this, &simulation] { simulation.wake(*this); }) {
  node.set_wall_clock(WallClock(simulation.now(), WallTime(std::chrono::seconds(1'800'000'000))));
  node.add_broadcast(kBroadcast);
}

Simulation::Simulation(Options options)
    : options_(std::move(options)),
      random_(options_.seed),
      network_(scheduler_, options_.seed + 1),
      dtls_(random_),
      source_(scheduler_, options_.source,
              [this](const EncodedFrame& frame) {
                const auto shared = std::make_shared<const EncodedFrame>(frame);
                for (const auto& worker : workers_) {
                  worker->node.push_frame(kBroadcast, shared, now());
                  pump(*worker);
                }
              }),
      batch_(std::make_unique<TransmitBatch>()) {
  node::NodeOptions told = node_options(options_);
  told.audience = std::make_shared<node::Audience>(options_.max_viewers);
  for (std::size_t i = 0; i < options_.workers; ++i) {
    told.position = {node::WorkerId{static_cast<std::uint8_t>(i)}, options_.workers};
    workers_.push_back(std::make_unique<Worker>(*this, told));
  }
  network_.set_server({[this](const Datagram& datagram) {
                         Worker& worker = worker_at(datagram.path.remote);
                         worker.node.handle_datagram(datagram, now());
                         pump(worker);
                       },
                       [this](const FiveTuple& path, Bytes bytes) {
                         streams_[path.connection] = path;
                         Worker& worker = worker_at(path.remote);
                         worker.node.handle_stream(path, bytes, now());
                         pump(worker);
                       },
                       [this](const FiveTuple& path) {
                         streams_.erase(path.connection);
                         Worker& worker = worker_at(path.remote);
                         worker.node.handle_stream_closed(path, now());
                         pump(worker);
                       },
                       [this](const FiveTuple& path) {
                         Worker& worker = worker_at(path.remote);
                         worker.node.handle_stream_writable(path.connection, now());
                         pump(worker);
                       }},
                      options_.addresses);
  source_.start();
}

std::size_t Simulation::landing(const SocketAddress& remote) const {
  const auto told = landings_.find(remote.ip);
  return told == landings_.end() ? std::hash<SocketAddress>{}(remote) % workers_.size() : told->second;
}

HttpResponse Simulation::http(HttpRequest request) {
  std::size_t index = next_request_++ % workers_.size();
  // As the server's threads pass it on: to whom its session is of, and from there to where that lives.
  for (const bool was_passed_on : {false, true}) {
    if (const auto other = workers_[index]->node.worker_for(request, was_passed_on)) {
      index = static_cast<std::size_t>(*other);
    }
  }
  Worker& worker = *workers_[index];
  auto response = worker.node.handle_http(request, now());
  pump(worker);
  EXPECT_TRUE(response.has_value()) << request.path;
  return response.value_or(HttpResponse{404, {}, {}});
}

void Simulation::shut_down() {
  for (const auto& worker : workers_) {
    worker->node.shut_down();
    pump(*worker);
  }
}

std::size_t Simulation::viewer_count() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->node.viewer_count();
  return sum;
}

std::size_t Simulation::allocation_count() const {
  std::size_t sum = 0;
  for (const auto& worker : workers_) sum += worker->node.allocation_count();
  return sum;
}

const SocketAddress& Simulation::server(Family family) const {
  const auto found = std::ranges::find_if(
      options_.addresses, [&](const SocketAddress& address) { return address.ip.family() == family; });
  return found == options_.addresses.end() ? server() : *found;
}

IpAddress Simulation::new_client_ip() {
  return IpAddress::v4(++last_client_ip_);
}

void Simulation::wake(Worker& worker) {
  if (now() >= worker.second_began + 1s) {
    worker.second_began = now();
    worker.wakes = 0;
  }
  const std::size_t most =
      kMaxWakesASecond * (1 + worker.node.viewer_count() + worker.node.allocation_count());
  if (++worker.wakes > most) {
    ADD_FAILURE() << "the node asks to be woken again and again";
    return;  // The end of its timers, so that the test ends as well.
  }
  worker.node.handle_timeout(now());
  pump(worker);
}

void Simulation::pump(Worker& worker) {
  send_batches(worker);
  take_events(worker);
  send_parcels(worker);
  // Closing calls back into the node.
  for (const FiveTuple& stream : std::exchange(to_close_, {})) network_.close_stream(stream);
  worker.wake.set(worker.node.next_timeout());
}

void Simulation::send_batches(Worker& worker) {
  while (worker.node.poll_transmit(*batch_, now())) {
    check_batch(*batch_);
    if (on_batch) on_batch(*batch_);
    ++count_.batches;
    note(batch_->to.remote.port);
    note(digest(batch_->bytes()));
    // Connections are each worker's own, and datagrams leave where those of that client arrive.
    EXPECT_EQ(&worker, &worker_at(batch_->to.remote)) << batch_->to.remote.to_string();
    if (!network_.deliver(*batch_)) worker.node.handle_stream_blocked(batch_->to.connection);
  }
}

void Simulation::send_parcels(Worker& worker) {
  while (auto parcel = worker.node.poll_parcel()) {
    if (std::holds_alternative<node::ViewerMoves>(parcel->content)) ++count_.viewers_moved;
    if (std::holds_alternative<node::PacketForYou>(parcel->content)) ++count_.packets_carried;
    const auto shared = std::make_shared<node::Parcel>(std::move(*parcel));
    scheduler_.after(kParcelDelay, [this, shared] {
      Worker& receiver = *workers_[static_cast<std::size_t>(shared->to)];
      receiver.node.handle_parcel(std::move(*shared), now());
      pump(receiver);
    });
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

void Simulation::take_events(Worker& worker) {
  while (const auto event = worker.node.poll_event()) {
    note(event->index());
    std::visit([&](const auto& what) { handle(worker, what); }, *event);
  }
  while (const auto refused = worker.node.poll_refused()) refuse(*refused);
}

void Simulation::handle(Worker&, const node::KeyframeWanted& event) {
  ++count_.keyframes_wanted;
  source_.request_keyframe(event.codec);
}

// An encoder runs as long as any worker wants it.
void Simulation::handle(Worker& worker, const node::RenditionWanted& event) {
  renditions_wanted.push_back(event);
  worker.wants[event.codec] = event.wanted;
  source_.want(event.codec,
               std::ranges::any_of(workers_, [&](const auto& each) { return each->wants[event.codec]; }));
}

void Simulation::refuse(ConnectionId connection) {
  ++count_.connections_refused;
  const auto found = streams_.find(connection);
  if (found != streams_.end()) to_close_.push_back(found->second);
}

void Simulation::handle(Worker&, const node::ViewerConnected& event) {
  ++count_.viewers_connected;
  viewers_connected.push_back(event);
}

void Simulation::handle(Worker&, const node::ViewerGone& event) {
  ++count_.viewers_gone[event.reason];
}

void Simulation::note(std::uint64_t value) {
  for (const std::uint64_t part : {value, static_cast<std::uint64_t>(now().time_since_epoch().count())}) {
    trace_ = (trace_ ^ part) * 1099511628211ULL;
  }
}

void Simulation::expect_nothing_left() {
  EXPECT_EQ(viewer_count(), 0U);
  EXPECT_EQ(allocation_count(), 0U);
  for (const auto& worker : workers_) EXPECT_EQ(worker->node.kept_for_neighbours(), 0U);
}

}  // namespace porthole::sim
