// How many there are of something, in all and of each kind, up to limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>
#include <utility>

#include "base/result.hpp"

namespace porthole {

struct QuotaLimits {
  std::size_t in_all = std::numeric_limits<std::size_t>::max();
  std::size_t of_a_kind = std::numeric_limits<std::size_t>::max();
};

enum class Exceeded : std::uint8_t { in_all, of_a_kind };

// `Key` is the kind, which mostly says whose something is. Always owned by a shared_ptr: what is counted may
// outlive who counted it.
template <class Key>
class Quota : public std::enable_shared_from_this<Quota<Key>> {
 public:
  // Counts one for as long as it lives, wherever it is moved to.
  class Share {
   public:
    Share() = default;  // Counts nothing.
    ~Share() { give_up(); }
    Share(Share&&) noexcept = default;
    Share& operator=(Share&& other) noexcept {
      give_up();
      quota_ = std::move(other.quota_);
      key_ = std::move(other.key_);
      return *this;
    }

    // Counts for another kind from now on. False, and all stays as it was, where that has as many as it may.
    bool become(const Key& key) {
      if (!quota_->change(key_, key)) return false;
      key_ = key;
      return true;
    }

   private:
    friend Quota;
    Share(std::shared_ptr<Quota> quota, std::optional<Key> key)
        : quota_(std::move(quota)), key_(std::move(key)) {}
    void give_up() {
      if (const auto quota = std::move(quota_)) quota->remove(key_);
    }

    std::shared_ptr<Quota> quota_;
    std::optional<Key> key_;
  };

  virtual ~Quota() = default;

  // One more of that kind, or of none: then it counts in all alone.
  Result<Share, Exceeded> take(std::optional<Key> key) {
    if (const auto exceeded = add(key)) return fail(Exceeded(*exceeded));
    return Share(this->shared_from_this(), std::move(key));
  }

 protected:
  virtual std::optional<Exceeded> add(const std::optional<Key>& key) = 0;
  virtual bool change(const std::optional<Key>& from, const Key& to) = 0;
  virtual void remove(const std::optional<Key>& key) = 0;
};

// For one thread.
template <class Key>
class PlainQuota final : public Quota<Key> {
 public:
  explicit PlainQuota(const QuotaLimits& limits) : limits_(limits) {}

  std::optional<Exceeded> add(const std::optional<Key>& key) override {
    if (key && !has_room(*key)) return Exceeded::of_a_kind;
    if (in_all_ >= limits_.in_all) return Exceeded::in_all;
    ++in_all_;
    if (key) ++of_kind_[*key];
    return std::nullopt;
  }
  bool change(const std::optional<Key>& from, const Key& to) override {
    if (!has_room(to)) return false;
    ++of_kind_[to];
    if (from) count_down(*from);
    return true;
  }
  void remove(const std::optional<Key>& key) override {
    --in_all_;
    if (key) count_down(*key);
  }

 private:
  bool has_room(const Key& key) const {
    const auto found = of_kind_.find(key);
    return (found == of_kind_.end() ? 0 : found->second) < limits_.of_a_kind;
  }
  void count_down(const Key& key) {
    const auto found = of_kind_.find(key);
    if (--found->second == 0) of_kind_.erase(found);
  }

  const QuotaLimits limits_;  // Constant after construction.
  std::size_t in_all_ = 0;
  std::unordered_map<Key, std::size_t> of_kind_;  // No zeros stay.
};

}  // namespace porthole
