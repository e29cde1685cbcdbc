#include "load/process_usage.hpp"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

namespace porthole::load {
namespace {

std::string path_of(int process, const char* file) {
  return "/proc/" + std::to_string(process) + "/" + file;
}

// proc(5): fields 14 and 15, utime and stime, in ticks; those of threads that have ended are in it. The name
// in field 2 may hold spaces and ends with the last parenthesis.
double processor_seconds(int process, std::uint64_t& threads) {
  std::ifstream file(path_of(process, "stat"));
  std::string line;
  std::getline(file, line);
  std::istringstream fields(line.substr(line.rfind(')') == std::string::npos ? 0 : line.rfind(')') + 1));
  std::string skipped;
  for (int field = 3; field < 14; ++field) fields >> skipped;
  double user = 0, system = 0;
  fields >> user >> system;
  for (int field = 16; field < 20; ++field) fields >> skipped;
  std::uint64_t count = 0;
  fields >> count;
  threads += count;
  return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
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
    usage.processor_seconds += processor_seconds(process, usage.threads);
    usage.waiting_seconds += waiting_seconds(process);
    usage.resident_bytes += resident_bytes(process);
  }
  return usage;
}

bool process_exists(int process) {
  return std::ifstream(path_of(process, "stat")).good();
}

}  // namespace porthole::load
