// porthole check: a doctor for a viewer's network.
#include <cstdio>
#include <map>
#include <porthole/check.hpp>

#include "app/command.hpp"

namespace porthole::app {
namespace {

constexpr const char* kDescription =
    "Tries from this machine every way that a server's media could take, and says what works, how fast, and\n"
    "why the rest does not, in words for whoever owns the firewall.\n";

constexpr const char* kFooter =
    "\nExample:\n"
    "  porthole check https://cam.example:8443/garden\n"
    "  porthole check cam.example              the likely schemes and ports, and the first live stream\n"
    "  porthole check --json cam.example | jq -r '.rungs[] | select(.state == \"works\").name'\n"
    "TCP goes through HTTPS_PROXY, HTTP_PROXY or ALL_PROXY where one is set (and NO_PROXY does not say no).\n"
    "\nExit status: 0 media arrives by some way, 1 by none or the server was not reached, 2 bad usage.\n";

struct CommandLine {
  CheckOptions options;
  std::int64_t timeout = 5000;
  bool json = false;
};

void add_options(CLI::App& app, CommandLine& line) {
  static const std::map<std::string, std::int64_t> kUnits{{"ms", 1}, {"s", 1000}, {"m", 60'000}};
  app.add_option("URL", line.options.url, "Where viewers would go: http(s)://HOST[:PORT][/NAME]")->required();
  app.add_flag("--json", line.json, "Prints one JSON object instead of a table");
  app.add_option("--timeout", line.timeout, "For each step: 500ms, 5s, 1m")
      ->transform(CLI::AsNumberWithUnit(kUnits, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->option_text("TIME [5s]");
  app.add_flag("--insecure", line.options.insecure, "Goes on although the certificate does not hold");
}

int run(CommandLine& line) {
  line.options.timeout = std::chrono::milliseconds(line.timeout);
  const auto checked = check_url(line.options);
  if (const auto* error = std::get_if<Error>(&checked)) return complain(*error);
  const auto& report = std::get<CheckReport>(checked);
  if (line.json) {
    std::printf("%s\n", to_json(report).c_str());
  } else {
    print(report, stdout);
  }
  return report.carries_media() ? kDone : kFailed;
}

}  // namespace

int check(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kDescription, "porthole check");
  app.footer(kFooter);
  add_options(app, line);
  return run_command(app, argc, argv, [&] { return run(line); });
}

}  // namespace porthole::app
