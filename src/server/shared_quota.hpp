// A count that several threads share.
#pragma once

#include <mutex>

#include "base/quota.hpp"

namespace porthole::server {

template <class Key>
class SharedQuota final : public Quota<Key> {
 public:
  explicit SharedQuota(const QuotaLimits& limits) : quota_(limits) {}

 private:
  std::optional<Exceeded> add(const std::optional<Key>& key) override {
    const std::lock_guard lock(mutex_);
    return quota_.add(key);
  }
  bool change(const std::optional<Key>& from, const Key& to) override {
    const std::lock_guard lock(mutex_);
    return quota_.change(from, to);
  }
  void remove(const std::optional<Key>& key) override {
    const std::lock_guard lock(mutex_);
    quota_.remove(key);
  }

  std::mutex mutex_;
  PlainQuota<Key> quota_;
};

}  // namespace porthole::server
