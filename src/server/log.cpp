#include "server/log.hpp"

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <array>

namespace porthole::server {

void set_up_log(LogLevel level) {
  constexpr std::array<spdlog::level::level_enum, 5> kLevels{
      spdlog::level::debug, spdlog::level::info, spdlog::level::warn, spdlog::level::err, spdlog::level::off};
  static const auto logger = spdlog::stderr_logger_mt("porthole");
  logger->set_pattern("%Y-%m-%d %H:%M:%S.%e %l %v");
  logger->set_level(kLevels[static_cast<std::size_t>(level)]);
  spdlog::set_default_logger(logger);
}

}  // namespace porthole::server
