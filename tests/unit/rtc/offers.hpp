// The offers under tests/data/offers, and ways to change them.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "support/offers.hpp"

namespace porthole::rtc::test {

inline std::string load(const std::string& name) {
  return porthole::test::load_offer(name);
}

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
  EXPECT_THAT(text, testing::HasSubstr(from));
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
  return text;
}

inline std::string without_line(std::string text, const std::string& start) {
  for (std::size_t at = 0; (at = text.find("\r\n" + start)) != std::string::npos;) {
    text.erase(at, text.find("\r\n", at + 2) - at);
  }
  return text;
}

}  // namespace porthole::rtc::test
