#include "load/process_usage.hpp"

#include <unistd.h>

#include <ctime>
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

namespace porthole::load {
namespace {

std::string path_of(int process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

// That of threads that have ended is in it. /proc/PID/stat has the same in ticks of 10 ms, which are too
// coarse for a few seconds of ten viewers.
double processor_seconds(int process) {
  clockid_t clock{};
  timespec time{};
  if (::clock_getcpuclockid(process, &clock) != 0 || ::clock_gettime(clock, &time) != 0) return 0;
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

std::uint64_t threads(int process) {
  std::error_code error;
  std::filesystem::directory_iterator tasks(path_of(process, "task"), error);
  return error ? 0 : static_cast<std::uint64_t>(std::distance(begin(tasks), end(tasks)));
}

// Documentation/scheduler/sched-stats: of each thread, nanoseconds on a processor and waiting for one.
double waiting_seconds(int process) {
  double total = 0;
  std::error_code error;
  for (const auto& thread : std::filesystem::directory_iterator(path_of(process, "task"), error)) {
    std::ifstream file(thread.path() / "schedstat");
    double running = 0, waiting = 0;
    file >> running >> waiting;
    total += waiting * 1e-9;
  }
  return total;
}

std::uint64_t resident_bytes(int process) {
  std::ifstream file(path_of(process, "statm"));
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessUsage ProcessUsage::operator-(const ProcessUsage& before) const {
  ProcessUsage difference = *this;
  difference.processor_seconds -= before.processor_seconds;
  difference.waiting_seconds -= before.waiting_seconds;
  return difference;
}

ProcessUsage usage_of(const std::vector<int>& processes) {
  ProcessUsage usage;
  for (const int process : processes) {
    usage.processor_seconds += processor_seconds(process);
    usage.waiting_seconds += waiting_seconds(process);
    usage.threads += threads(process);
    usage.resident_bytes += resident_bytes(process);
  }
  return usage;
}

bool process_exists(int process) {
  return std::ifstream(path_of(process, "stat")).good();
}

}  // namespace porthole::load
