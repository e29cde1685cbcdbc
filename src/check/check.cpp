#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <future>
#include <porthole/check.hpp>

#include "check/explain.hpp"
#include "check/page.hpp"
#include "check/rungs.hpp"
#include "check/whep_session.hpp"

namespace porthole {
namespace {

using namespace check;

constexpr std::chrono::milliseconds kShortestTimeout(100);
constexpr std::chrono::milliseconds kLongestTimeout(std::chrono::minutes(1));

// All at once; whichever is reached ends the others.
std::vector<Result<Page, PageFault>> open_pages(const std::vector<Target>& targets, const Approach& approach,
                                                const Deadline& deadline) {
  std::atomic<bool> won = false;
  std::vector<std::future<Result<Page, PageFault>>> running;
  running.reserve(targets.size());
  for (const Target& target : targets) {
    running.push_back(std::async(std::launch::async, [&approach, &deadline, &won, target] {
      auto page = open_page(target, approach, deadline.until(won));
      if (page) won = true;
      return page;
    }));
  }
  std::vector<Result<Page, PageFault>> pages;
  pages.reserve(running.size());
  for (auto& one : running) pages.push_back(one.get());
  return pages;
}

// The first that was reached; otherwise the first that answered at all, which tells more than silence.
Result<Page, PageFault> best_of(std::vector<Result<Page, PageFault>> pages) {
  for (auto& page : pages) {
    if (page) return page;
  }
  for (auto& page : pages) {
    if (page.error().fault.connected) return page;
  }
  return std::move(pages.front());
}

void describe_page(CheckReport& report, const Page& page) {
  report.url = page.target.url();
  report.stream = page.target.stream;
  report.certificate = page.certificate;
  report.page.state = RungState::works;
  report.page.target = target_text(place_of(page.endpoint));
  report.page.connect = std::chrono::round<std::chrono::microseconds>(page.connect);
  report.page.round_trip = std::chrono::round<std::chrono::microseconds>(page.round_trip);
}

void describe_page(CheckReport& report, const PageFault& problem) {
  report.url = problem.target.url();
  report.stream = problem.target.stream;
  report.certificate = problem.certificate;
  const FaultPlace place{problem.target.tls ? Carrier::tls : Carrier::tcp, problem.address,
                         problem.is_proxied ? problem.target.authority() : ""};
  report.page.target = target_text(place);
  explain(report.page, problem.fault, place);
}

void climb(CheckReport& report, const Page& page, const CheckOptions& options) {
  const auto session = WhepSession::open(page.target, page.endpoint, options.timeout);
  if (session) {
    report.rungs = try_rungs(page, **session, options.timeout);
    return;
  }
  RungReport refused;
  explain(refused, session.error(), place_of(page.endpoint));
  report.notes.push_back("No session by WHEP. " + refused.explanation);
  report.rungs = try_rungs_without_session(page, options.timeout);
}

// A browser's TCP would go through the proxy, too. No proxy carries UDP.
Approach approach_of(CheckReport& report, const CheckOptions& options, const std::string& host) {
  Approach approach{options.insecure, std::nullopt};
  const auto proxy = find_proxy(host, [](const char* name) { return std::getenv(name); });
  if (!proxy) {
    report.notes.push_back(proxy.error());
  } else if (*proxy) {
    approach.proxy = **proxy;
    report.notes.push_back("TCP was tried through the proxy " + approach.proxy->name() + ", as " +
                           approach.proxy->variable + " says; UDP goes straight.");
  }
  return approach;
}

std::string problem_of(const CheckOptions& options) {
  if (options.timeout >= kShortestTimeout && options.timeout <= kLongestTimeout) return {};
  return "--timeout: from 100ms to 1m";
}

}  // namespace

bool CheckReport::carries_media() const {
  return std::ranges::any_of(rungs, [](const RungReport& rung) { return rung.state == RungState::works; });
}

std::variant<CheckReport, Error> check_url(const CheckOptions& options) {
  if (const std::string problem = problem_of(options); !problem.empty()) {
    return Error{Error::Kind::configuration, problem};
  }
  const auto targets = parse_url(options.url);
  if (!targets) return Error{Error::Kind::configuration, targets.error()};
  CheckReport report;
  report.page.name = "page";
  for (const Target& target : *targets) report.tried.push_back(target.url());
  const Approach approach = approach_of(report, options, targets->front().host);
  const auto page = best_of(open_pages(*targets, approach, Deadline::after(options.timeout)));
  if (page) {
    describe_page(report, *page);
    climb(report, *page, options);
  } else {
    describe_page(report, page.error());
    report.rungs = untried_rungs("The page comes first, and that failed.");
  }
  return report;
}

}  // namespace porthole
