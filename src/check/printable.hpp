// What a stranger wrote, made safe for a terminal and for a line.
#pragma once

#include <string>
#include <string_view>

namespace porthole::check {

// Longer texts of strangers are cut: nobody reads them.
constexpr std::size_t kMaxForeignText = 200;

// ASCII alone passes, each other byte is a '?': control characters move cursors, and some of Unicode's turn
// the direction of what follows.
inline std::string printable(std::string_view text, std::size_t longest = kMaxForeignText) {
  std::string safe(text.substr(0, longest));
  for (char& c : safe) c = c >= ' ' && c <= '~' ? c : '?';
  return safe + (text.size() > longest ? "..." : "");
}

}  // namespace porthole::check
