// A queue that is mostly short: one piece of memory, which it keeps as long as that is small.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace porthole {

// std::deque allocates and frees as elements pass through it, however few there are at a time. T is cheap to
// move, and its moved-from state holds nothing.
template <class T>
class Fifo {
 public:
  // Memory for so many elements stays with an empty queue.
  static constexpr std::size_t kKept = 16;

  bool empty() const { return first_ == items_.size(); }
  std::size_t size() const { return items_.size() - first_; }

  void push_back(T item) {
    // What has left makes room before anything new is taken: a queue that never gets empty does not grow.
    if (items_.size() == items_.capacity() && first_ >= size()) drop_left();
    items_.push_back(std::move(item));
  }

  T& front() { return items_[first_]; }
  const T& front() const { return items_[first_]; }

  void pop_front() {
    items_[first_] = T();
    ++first_;
    if (!empty()) return;
    if (items_.capacity() > kKept) std::vector<T>().swap(items_);
    items_.clear();
    first_ = 0;
  }

  // Oldest first.
  auto begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(first_); }
  auto end() const { return items_.end(); }

 private:
  void drop_left() {
    items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(first_));
    first_ = 0;
  }

  std::vector<T> items_;
  std::size_t first_ = 0;  // Before it stands what has left.
};

}  // namespace porthole
