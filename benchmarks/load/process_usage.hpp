// What processes cost: processor time of all their threads, and resident memory.
#pragma once

#include <vector>

#include <cstdint>

namespace porthole::load {

struct ProcessUsage {
  double processor_seconds = 0;
  // That its threads, those that are left, could have run and did not: somebody else had the processor.
  double waiting_seconds = 0;
  std::uint64_t resident_bytes = 0;
  std::uint64_t threads = 0;

  // Of the times; memory and threads are as they are now.
  ProcessUsage operator-(const ProcessUsage& before) const;
};

// Added up; a process that is not there has none.
ProcessUsage usage_of(const std::vector<int>& processes);

bool process_exists(int process);

}  // namespace porthole::load
