// The workers of a server: threads that share its one port, each with a node of its own.
#pragma once

#include <cstddef>
#include <cstdint>

namespace porthole::node {

// Counted from 0. `here`: whoever reads it.
enum class WorkerId : std::uint8_t { here = 0xff };

// As many as one letter or digit of a name tells apart: see Neighbours.
constexpr std::size_t kMaxWorkers = 62;

struct WorkerPosition {
  WorkerId self{};
  std::size_t workers = 1;  // At most kMaxWorkers.
};

}  // namespace porthole::node
