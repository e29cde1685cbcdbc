#include "load/process_usage.hpp"

#include <unistd.h>

#include <fstream>
#include <sstream>
#include <string>

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

std::uint64_t resident_bytes(int process) {
  std::ifstream file(path_of(process, "statm"));
  std::uint64_t total = 0, resident = 0;
  file >> total >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

ProcessUsage usage_of(const std::vector<int>& processes) {
  ProcessUsage usage;
  for (const int process : processes) {
    usage.processor_seconds += processor_seconds(process, usage.threads);
    usage.resident_bytes += resident_bytes(process);
  }
  return usage;
}

bool process_exists(int process) {
  return std::ifstream(path_of(process, "stat")).good();
}

}  // namespace porthole::load
