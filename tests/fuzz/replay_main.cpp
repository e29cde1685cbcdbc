// Runs a fuzz target over files that are kept, as an ordinary test. A folder without files is an error: a
// test of nothing passes for ever. Usage: NAME_replay CORPUS [CRASHES...]; what is not there after the first
// is skipped.
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

void replay(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(stream), {}};
  bytes.shrink_to_fit();  // A read beyond the end is then seen.
  std::fprintf(stderr, "%s\n", file.c_str());
  LLVMFuzzerTestOneInput(bytes.data(), bytes.size());
}

// How many files were run.
int replay_all(const std::filesystem::path& path) {
  if (std::filesystem::is_regular_file(path)) return replay(path), 1;
  if (!std::filesystem::is_directory(path)) return 0;
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    replay(entry.path());
    ++count;
  }
  return count;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2 || replay_all(argv[1]) == 0) {
    std::fprintf(stderr, "no files in %s\n", argc < 2 ? "(nothing named)" : argv[1]);
    return 1;
  }
  for (int i = 2; i < argc; ++i) replay_all(argv[i]);
  return 0;
}
