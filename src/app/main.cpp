// The program: options in, exit status out. Everything else is libporthole's.
#include <string_view>

#include "app/command.hpp"

int main(int argc, char** argv) {
  using namespace porthole;
  const std::string_view command = argc > 1 ? argv[1] : "";
  if (command == "forward") return app::forward(argc - 1, argv + 1);
  if (command == "ice-servers") return app::ice_servers(argc - 1, argv + 1);
  if (command == "check") return app::check(argc - 1, argv + 1);
  // `porthole` alone, or with options, is `porthole serve`.
  if (command == "serve") return app::serve(argc - 1, argv + 1, true);
  return app::serve(argc, argv, false);
}
