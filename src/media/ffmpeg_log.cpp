#include "media/ffmpeg_log.hpp"

extern "C" {
#include <libavutil/log.h>
}

#include <array>
#include <cstdarg>
#include <cstdio>
#include <mutex>
#include <utility>

namespace porthole::media {
namespace {

constexpr std::size_t kMaxComplaint = 240;

thread_local std::string complaint;

void keep_complaint(void*, int level, const char* format, std::va_list arguments) {
  if (level > AV_LOG_ERROR) return;
  std::array<char, kMaxComplaint> line{};
  std::vsnprintf(line.data(), line.size(), format, arguments);
  std::string text = line.data();
  while (!text.empty() && (text.back() == '\n' || text.back() == ' ')) text.pop_back();
  if (!text.empty()) complaint = std::move(text);
}

}  // namespace

void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback(keep_complaint); });
}

std::string take_ffmpeg_complaint() {
  return std::exchange(complaint, {});
}

}  // namespace porthole::media
