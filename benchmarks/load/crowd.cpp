#include "load/crowd.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <thread>

#include "io/event_loop.hpp"

namespace porthole::load {
namespace {

// The longest sleep: what is counted and timed from outside is looked at so often.
constexpr Duration kTurn = 20ms;

// While joins are timed.
constexpr Duration kShortNap = 250us;

// A gap that is not over when the window ends counts if it is longer than any that is common.
constexpr Duration kOpenGap = 100ms;

// Seconds, of a storm of joins.
constexpr double kAftermath = 0.5;

// For all goodbyes together.
constexpr Duration kFarewell = 10s;

Duration from_seconds(double seconds) {
  return Duration(static_cast<std::int64_t>(seconds * 1e9));
}

double to_seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

Instant current() {
  return io::EventLoop::now();
}

}  // namespace

Crowd::Crowd(const Options& options, const Endpoint& endpoint, const std::string& offer,
             crypto::DtlsFactory& dtls, SSL_CTX* tls)
    : options_(options), surroundings_{options, endpoint, offer,   poller_, reader_,
                                       dtls,    tls,      random_, dice_,   timers_} {}

void Crowd::turn(Duration longest) {
  read_for(std::clamp<Duration>(timers_.next() - current(), 0ns, longest));
  const Instant after = current();
  while (const auto index = timers_.pop_due(after)) viewers_[*index]->handle_timeout(after);
}

// Whoever sends to a socket that somebody waits for has to wake them, which takes as long as many packets,
// and which real viewers, far away, ask of no server. So nobody waits: the kernel keeps packets and their
// times.
void Crowd::read_for(Duration longest) {
  if (nap_ > 0ns) std::this_thread::sleep_for(std::min(longest, nap_));
  Duration patience = nap_ > 0ns ? Duration(0) : longest;
  while (!poller_.wait(patience)) patience = 0ns;
}

Arrivals Crowd::join(std::size_t count, Window* window) {
  const std::size_t first = viewers_.size();
  for (std::size_t i = 0; i < count; ++i) {
    viewers_.push_back(std::make_unique<Viewer>(surroundings_, first + i));
  }
  // Joins are timed by this program's own clock.
  if (window != nullptr) nap_ = std::min(from_seconds(options_.nap * 1e-3), kShortNap);
  const Marks before = mark();
  if (window != nullptr) open(*window, first);
  const auto joining = [&] {
    return std::any_of(viewers_.begin() + static_cast<std::ptrdiff_t>(first), viewers_.end(),
                       [](const auto& viewer) { return viewer->state() == Viewer::State::joining; });
  };
  const Instant begin = current();
  const Duration period = from_seconds(1 / options_.rate);
  for (std::size_t next = 0; next < count || joining();) {
    const Instant now = current();
    while (next < count && now >= begin + period * static_cast<std::int64_t>(next)) {
      viewers_[first + next++]->join(now);
    }
    const Instant due = begin + period * static_cast<std::int64_t>(next);
    turn(next < count ? std::clamp<Duration>(due - current(), 0ns, kTurn) : kTurn);
  }
  // What the last ones disturb shows a little later.
  if (window != nullptr) wait(kAftermath);
  Instant last = begin;
  for (std::size_t i = first; i < viewers_.size(); ++i) {
    last = std::max(last, viewers_[i]->milestones().watching);
  }
  if (window != nullptr) close(*window, before, first);
  nap_ = 0ns;
  say("joined");
  return {count, to_seconds(last - begin)};
}

void Crowd::wait(double seconds) {
  const Instant end = current() + from_seconds(seconds);
  for (Instant now = current(); now < end; now = current()) turn(std::min<Duration>(end - now, kTurn));
}

Window Crowd::measure(double seconds) {
  Window window;
  nap_ = from_seconds(options_.nap * 1e-3);
  const Marks before = mark();
  open(window, viewers_.size());
  wait(seconds);
  close(window, before, viewers_.size());
  nap_ = 0ns;
  say("measured");
  return window;
}

void Crowd::leave() {
  const Instant now = current();
  for (const auto& viewer : viewers_) viewer->leave(now);
  const Instant end = now + kFarewell;
  while (count(Viewer::State::leaving) > 0 && current() < end) turn(kTurn);
  say("left");
}

std::size_t Crowd::count(Viewer::State state) const {
  return static_cast<std::size_t>(
      std::ranges::count_if(viewers_, [state](const auto& viewer) { return viewer->state() == state; }));
}

Crowd::Marks Crowd::mark() const {
  Marks marks;
  marks.at = current();
  for (const auto& viewer : viewers_) {
    marks.drops += viewer->dropped();
    if (viewer->reception() == nullptr) continue;
    marks.delivery += viewer->reception()->meter().delivery();
    marks.feedback += viewer->reception()->tally();
  }
  marks.server = usage_of(options_.servers);
  marks.generator = usage_of({static_cast<int>(::getpid())});
  return marks;
}

void Crowd::open(Window& window, std::size_t watchers) {
  for (std::size_t i = 0; i < watchers; ++i) {
    if (viewers_[i]->state() != Viewer::State::watching) continue;
    viewers_[i]->time_frames(&window.frames);
    ++window.watchers;
  }
}

void Crowd::close(Window& window, const Marks& before, std::size_t watchers) {
  const Marks after = mark();
  window.seconds = to_seconds(after.at - before.at);
  window.delivery = after.delivery - before.delivery;
  window.feedback = after.feedback - before.feedback;
  window.socket_drops = after.drops - before.drops;
  window.server = after.server - before.server;
  window.generator = after.generator - before.generator;
  const Arrival now = arrival_now();
  for (std::size_t i = 0; i < watchers; ++i) {
    Viewer& viewer = *viewers_[i];
    viewer.time_frames(nullptr);
    if (viewer.reception() == nullptr || !viewer.reception()->meter().last_frame()) continue;
    const Duration open_gap(now - *viewer.reception()->meter().last_frame());
    if (open_gap > kOpenGap) window.frames.gaps.add(open_gap);
  }
}

void Crowd::say(const char* what) const {
  if (!options_.verbose) return;
  std::fprintf(stderr, "viewer_load: %s: %zu watching, %zu failed\n", what, count(Viewer::State::watching),
               count(Viewer::State::failed));
}

}  // namespace porthole::load
