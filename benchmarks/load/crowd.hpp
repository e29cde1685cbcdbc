// All viewers of a run, and what happens to them in turn: they join at a rate, watch, and leave.
#pragma once

#include <memory>
#include <random>
#include <vector>

#include "io/system_random.hpp"
#include "load/process_usage.hpp"
#include "load/viewer.hpp"

namespace porthole::load {

// One stretch of time, and what happened in it.
struct Window {
  double seconds = 0;
  Delivery delivery;
  FeedbackTally feedback;
  FrameTimes frames;
  std::size_t watchers = 0;        // Viewers whose frames these are.
  std::uint64_t socket_drops = 0;  // Datagrams that this program did not come to read.
  ProcessUsage server;             // In that time: processor seconds, and those that it waited for one.
  ProcessUsage generator;          // The same.
};

// So many viewers that join.
struct Arrivals {
  std::size_t asked = 0;
  double seconds = 0;  // From the first offer to the last one's first packet.
};

class Crowd {
 public:
  // Borrows all but the size. Nobody joins yet.
  Crowd(const Options& options, const Endpoint& endpoint, const std::string& offer, crypto::DtlsFactory& dtls,
        SSL_CTX* tls);

  // The next `count` viewers join, and it is waited for all of them. What those watch who were there before
  // goes into `window`, where that is not null.
  Arrivals join(std::size_t count, Window* window);
  void wait(double seconds);
  Window measure(double seconds);
  void leave();

  const std::vector<std::unique_ptr<Viewer>>& viewers() const { return viewers_; }
  std::size_t count(Viewer::State state) const;

 private:
  struct Marks {
    Instant at;
    Delivery delivery;
    FeedbackTally feedback;
    std::uint64_t drops = 0;
    ProcessUsage server;
    ProcessUsage generator;
  };

  void turn(Duration longest);
  void read_for(Duration longest);
  Marks mark() const;
  void open(Window& window, std::size_t watchers);
  void close(Window& window, const Marks& before, std::size_t watchers);
  void say(const char* what) const;

  const Options& options_;  // Borrowed: outlives this.

  // Owned. What viewers borrow stands before them.
  Poller poller_;
  DatagramReader reader_;
  io::SystemRandom random_;
  std::minstd_rand dice_{1};
  TimerQueue<std::size_t> timers_;
  Surroundings surroundings_;
  std::vector<std::unique_ptr<Viewer>> viewers_;

  Duration nap_{};  // Between two looks at the sockets; 0: until there is something to read.
};

}  // namespace porthole::load
