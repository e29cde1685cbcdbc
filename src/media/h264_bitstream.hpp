// Looks into H.264 in Annex B form just as far as passing it through needs.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.hpp"

namespace porthole::media {

// H.264 table 7-1.
enum class NalType : std::uint8_t { slice = 1, idr_slice = 5, sps = 7, pps = 8, delimiter = 9 };

// Walks the NAL units of an access unit. Borrows its bytes.
class NalReader {
 public:
  explicit NalReader(Bytes annex_b) : rest_(annex_b) { skip_to_start_code(); }

  // The next NAL unit without its start code, at least one byte; nullopt at the end.
  std::optional<Bytes> next();

 private:
  void skip_to_start_code();

  Bytes rest_;  // Begins with a start code, or is empty.
};

inline NalType nal_type(Bytes nal) {
  return static_cast<NalType>(nal[0] & 0x1f);
}

struct AccessUnit {
  bool idr = false;
  bool has_b_slice = false;
  bool has_sps = false;
  bool has_pps = false;
};

AccessUnit inspect(Bytes annex_b);

// Remembers a stream's parameter sets, and sets them before IDR pictures that come without.
class ParameterSets {
 public:
  // `annex_b` is an access unit, or the parameter sets that a container keeps apart. Only the newest of each
  // kind and number is kept.
  void remember(Bytes annex_b);

  // The access unit, with SPS and PPS after its delimiter where `unit` is an IDR that lacks them. False where
  // they are lacking and unknown: no decoder can start there.
  bool complete(Bytes annex_b, const AccessUnit& unit, std::vector<std::uint8_t>& out) const;

 private:
  // H.264 allows 32 and 256; a stream for which these do not suffice carries its own.
  static constexpr std::size_t kMaxSets = 8;
  static constexpr std::size_t kMaxSetSize = 4096;

  struct Set {
    NalType type;
    std::uint32_t number;
    std::vector<std::uint8_t> nal;
  };
  std::vector<Set> sets_;
};

}  // namespace porthole::media
