// Loads a TURN server over loopback sockets as a crowd of clients does: challenge, Allocate, Refresh with
// lifetime 0, each client from an address of its own. It says what was reached, and what it cost the server,
// as one line of JSON.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "many_sources.hpp"
#include "turn_user.hpp"

namespace porthole::bench {
namespace {

using Clock = std::chrono::steady_clock;
using stun::Attribute;
using stun::Class;
using stun::Method;

// A server answers at most so many challenges a client in a short time; more clients are the way to more
// load.
constexpr std::size_t kClients = 16'384;
constexpr std::size_t kInFlight = 128;
constexpr auto kRetry = std::chrono::milliseconds(500);
constexpr std::size_t kRoom = 512;

struct Plan {
  std::uint16_t port = 0;
  int server_process = 0;  // 0: its processor time is not asked for.
  std::string secret;
  std::chrono::milliseconds duration{};
};

enum class Step : std::uint8_t { idle, challenge, allocate, refresh };

struct Client {
  TurnUser user;
  Step step = Step::idle;
  stun::TransactionId transaction{};
  Clock::time_point sent_at{};
  std::array<std::uint8_t, kRoom> room{};
  std::size_t size = 0;
};

struct Tally {
  std::uint64_t allocations = 0;
  std::uint64_t exchanges = 0;
  std::uint64_t retries = 0;
  std::uint64_t errors = 0;
};

class Load {
 public:
  explicit Load(const Plan& plan) : plan_(plan), socket_(plan.port) {
    for (std::size_t i = 0; i < kClients; ++i) {
      clients_.push_back({.user = TurnUser(plan.secret, "load" + std::to_string(i))});
    }
  }

  Tally run() {
    const auto end = Clock::now() + plan_.duration;
    while (Clock::now() < end) {
      begin_some();
      socket_.flush();
      const auto now = Clock::now();
      const std::size_t received =
          socket_.receive([this](std::uint32_t source, Bytes bytes) { receive(source, bytes); });
      if (received == 0) std::this_thread::yield();
      if (now >= check_at_) retry(now);
    }
    return tally_;
  }

 private:
  void begin_some() {
    for (std::size_t tries = 0; in_flight_ < kInFlight && tries < kInFlight; ++tries) {
      const std::size_t index = turn_++ % clients_.size();
      if (clients_[index].step != Step::idle) continue;
      ++in_flight_;
      send(index, Step::challenge);
    }
  }

  void send(std::size_t index, Step step) {
    Client& client = clients_[index];
    client.step = step;
    store_u32(client.transaction.data(), ++transactions_);
    const Method method = step == Step::refresh ? Method::refresh : Method::allocate;
    stun::MessageBuilder builder(client.room, Class::request, method, client.transaction);
    if (step == Step::refresh) builder.add_u32(Attribute::lifetime, 0);
    if (step != Step::refresh) builder.add_u32(Attribute::requested_transport, kRequestedTransportUdp);
    if (step != Step::challenge) client.user.sign(builder);
    client.size = builder.finish().size();
    transmit(index);
  }
  void transmit(std::size_t index) {
    Client& client = clients_[index];
    client.sent_at = Clock::now();
    socket_.send(static_cast<std::uint32_t>(index), Bytes(client.room).first(client.size));
  }

  void receive(std::uint32_t source, Bytes bytes) {
    const auto message = stun::parse(bytes);
    if (source >= clients_.size() || !message) return;
    Client& client = clients_[source];
    if (client.step == Step::idle || message->transaction() != client.transaction) return;
    if (message->message_class() == Class::success) return advance(source);
    if (client.step == Step::challenge && message->error_code() == 401) return learn(source, *message);
    ++tally_.errors;
    finish(client);
  }
  void learn(std::size_t index, const stun::Message& message) {
    clients_[index].user.learn(message);
    send(index, Step::allocate);
  }
  void advance(std::size_t index) {
    Client& client = clients_[index];
    if (client.step == Step::allocate) {
      ++tally_.allocations;
      return send(index, Step::refresh);
    }
    ++tally_.exchanges;
    finish(client);
  }
  void finish(Client& client) {
    client.step = Step::idle;
    --in_flight_;
  }

  void retry(Clock::time_point now) {
    check_at_ = now + kRetry / 5;
    for (std::size_t i = 0; i < clients_.size(); ++i) {
      if (clients_[i].step == Step::idle || now - clients_[i].sent_at < kRetry) continue;
      ++tally_.retries;
      transmit(i);
    }
  }

  Plan plan_;  // Constant after construction.

  ManySources socket_;
  std::vector<Client> clients_;
  std::size_t in_flight_ = 0;
  std::size_t turn_ = 0;
  std::uint32_t transactions_ = 0;
  Clock::time_point check_at_;
  Tally tally_;
};

// Seconds that the process's first thread, which has the event loop, was on a processor.
double processor_seconds(int process) {
  if (process == 0) return 0;
  const std::string id = std::to_string(process);
  std::ifstream file("/proc/" + id + "/task/" + id + "/schedstat");
  double nanoseconds = 0;
  file >> nanoseconds;
  return nanoseconds * 1e-9;
}

int usage() {
  std::fputs("usage: turn_load PORT SECRET SECONDS [PROCESS]   to 127.0.0.1, from 127.1.0.0 and up\n",
             stderr);
  return 2;
}

int main_of(int argc, char** argv) {
  if (argc != 4 && argc != 5) return usage();
  Plan plan;
  plan.port = static_cast<std::uint16_t>(std::atoi(argv[1]));
  plan.secret = argv[2];
  plan.duration = std::chrono::milliseconds(static_cast<std::int64_t>(std::atof(argv[3]) * 1000));
  if (argc == 5) plan.server_process = std::atoi(argv[4]);
  if (plan.port == 0 || plan.duration.count() <= 0) return usage();
  const auto load = std::make_unique<Load>(plan);
  const double before = processor_seconds(plan.server_process);
  const auto begin = Clock::now();
  const Tally tally = load->run();
  const double seconds = std::chrono::duration<double>(Clock::now() - begin).count();
  const double processor = processor_seconds(plan.server_process) - before;
  std::printf(
      "{\"allocations\": %llu, \"exchanges\": %llu, \"retries\": %llu, \"errors\": %llu, \"seconds\": %.3f, "
      "\"server_processor_seconds\": %.3f}\n",
      static_cast<unsigned long long>(tally.allocations), static_cast<unsigned long long>(tally.exchanges),
      static_cast<unsigned long long>(tally.retries), static_cast<unsigned long long>(tally.errors), seconds,
      processor);
  return tally.allocations == 0 ? 1 : 0;
}

}  // namespace
}  // namespace porthole::bench

int main(int argc, char** argv) {
  return porthole::bench::main_of(argc, argv);
}
