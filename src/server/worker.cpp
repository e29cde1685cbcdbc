#include "server/worker.hpp"

#include <spdlog/spdlog.h>

#include <utility>

#include "server/pages.hpp"

namespace porthole::server {
namespace {

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

}  // namespace

Worker::Worker(const Surroundings& surroundings, const io::TcpOptions& options)
    : loop_(surroundings.loop),
      dtls_(surroundings.dtls),
      sources_(surroundings.sources),
      colleagues_(surroundings.colleagues),
      port_(loop_, *this, options) {}

Worker::~Worker() = default;

void Worker::use_tls(std::shared_ptr<const crypto::TlsContext> context) {
  if (turn_dtls_) {
    turn_dtls_->use(context->certificate());
  } else if (!node_) {
    turn_dtls_ = crypto::OpenSslDtlsServer::create(context->certificate());
  }
  port_.use_tls(std::move(context));
}

Result<void, std::string> Worker::open(const std::vector<SocketAddress>& listen, io::Sharing sharing,
                                       node::NodeOptions options, node::DtlsQuota dtls_quota) {
  if (auto opened = port_.open(listen, sharing); !opened) return opened;
  options.port = port();
  self_ = options.position.self;
  for (SocketAddress& address : options.advertised) {
    if (address.port == 0) address.port = port();
  }
  node_ = std::make_unique<node::Node>(std::move(options), dtls_, random_);
  if (turn_dtls_) node_->serve_turn_over_dtls(*turn_dtls_, std::move(dtls_quota));
  node_->serve_websocket(fragmenters_);
  port_.drive(*node_);
  return {};
}

void Worker::add_broadcast(const std::string& name) {
  node_->add_broadcast(name);
}

void Worker::push_frame(const std::string& broadcast, std::shared_ptr<const EncodedFrame> frame) {
  node_->push_frame(broadcast, std::move(frame), loop_.now());
  port_.flush();
}

void Worker::set_status(const std::string& broadcast, node::BroadcastStatus status) {
  node_->set_status(broadcast, std::move(status));
}

void Worker::shut_down() {
  node_->shut_down();
  port_.flush();
  port_.shut_down();
}

HttpResponse Worker::page(const HttpRequest& request) {
  return page_reply(request, [this](std::string_view name) { return node_->has_broadcast(name); });
}

bool Worker::pass_on(HttpRequest& request, io::HttpReply& reply, bool was_passed_on) {
  const auto to = node_->worker_for(request, was_passed_on);
  if (to) colleagues_.pass_on(self_, *to, std::move(request), std::move(reply));
  return to.has_value();
}

void Worker::put(node::Parcel parcel) {
  const std::lock_guard lock(mailbox_mutex_);
  const bool can_be_lost = std::holds_alternative<node::PacketForYou>(parcel.content);
  if (can_be_lost && mailbox_.size() >= kMaxWaitingParcels) return;
  if (mailbox_.empty()) loop_.post([this] { take_parcels(); });
  mailbox_.push_back(std::move(parcel));
}

void Worker::take_parcels() {
  std::vector<node::Parcel> parcels;
  {
    const std::lock_guard lock(mailbox_mutex_);
    parcels.swap(mailbox_);
  }
  for (node::Parcel& parcel : parcels) {
    loop_.run_first();
    node_->handle_parcel(std::move(parcel), loop_.now());
  }
  port_.flush();
}

void Worker::on_turn() {
  while (auto parcel = node_->poll_parcel()) colleagues_.deliver(std::move(*parcel));
  while (const auto event = node_->poll_event()) {
    std::visit([this](const auto& what) { handle_event(what); }, *event);
  }
}

void Worker::handle_event(const node::KeyframeWanted& event) {
  sources_.request_keyframe(event.broadcast, event.codec);
}

void Worker::handle_event(const node::RenditionWanted& event) {
  sources_.want_rendition(event.broadcast, event.codec, event.wanted);
}

void Worker::handle_event(const node::ViewerConnected& event) {
  spdlog::info("{}: a viewer at {} watches by {}, {:.0f} ms after it asked", event.broadcast,
               event.remote.to_string(), event.path, milliseconds(event.joined_in));
}

void Worker::handle_event(const node::ViewerGone& event) {
  // Who never got through is not worth a line: anybody can make any number of such sessions.
  const auto level = event.stats.packets > 0 ? spdlog::level::info : spdlog::level::debug;
  spdlog::log(level, "{}: a viewer is gone ({}), {} frames in {} packets sent, {} of them again",
              event.broadcast, node::describe(event.reason), event.stats.frames, event.stats.packets,
              event.stats.retransmitted_packets);
}

}  // namespace porthole::server
