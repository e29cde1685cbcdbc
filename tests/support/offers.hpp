// The offers under tests/data/offers: what browsers sent, with the line ends that they use.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

namespace porthole::test {

// PORTHOLE_TEST_DATA is the folder's path, from CMake.
inline std::string load_offer(const std::string& name) {
  std::ifstream file(std::string(PORTHOLE_TEST_DATA) + "/offers/" + name + ".sdp");
  std::string text;
  for (std::string line; std::getline(file, line);) text += line + "\r\n";
  EXPECT_FALSE(text.empty()) << name;
  return text;
}

}  // namespace porthole::test
