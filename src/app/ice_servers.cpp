// porthole ice-servers: credentials, offline.
#include <cstdio>
#include <map>
#include <porthole/ice_servers.hpp>

#include "app/command.hpp"

namespace porthole::app {
namespace {

constexpr const char* kDescription =
    "Prints the JSON array for a page's RTCPeerConnection({iceServers: ...}), made offline from the secret\n"
    "that a running 'porthole forward' or 'porthole serve' has.\n";

constexpr const char* kFooter =
    "\nExample:\n"
    "  porthole ice-servers --secret-file secret --url turn:cam.example:8443?transport=udp \\\n"
    "                       --url turn:cam.example:8443?transport=tcp --ttl 8h --user alice\n"
    "\nExit status: 0 done, 1 failed at run time, 2 bad usage or configuration.\n";

struct CommandLine {
  IceServersOptions options;
  std::string secret_file;
  std::int64_t ttl = 3600;
};

void add_options(CLI::App& app, CommandLine& line) {
  static const std::map<std::string, std::int64_t> kUnits{{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86'400}};
  app.add_option("--secret-file", line.secret_file, "The server's shared secrets: the first line signs")
      ->type_name("FILE");
  app.add_option("--url", line.options.urls, "Where clients reach the server; repeatable")
      ->type_name("turn:HOST:PORT[?transport=udp|tcp]")
      ->allow_extra_args(false);
  app.add_option("--ttl", line.ttl, "How long the credentials last: 90s, 45m, 8h, 1d")
      ->transform(CLI::AsNumberWithUnit(kUnits, CLI::AsNumberWithUnit::CASE_SENSITIVE, "TIME"))
      ->option_text("TIME [1h]");
  app.add_option("--user", line.options.user, "A name for whoever gets them; limits count by it")
      ->type_name("NAME");
}

int run(CommandLine& line) {
  if (!line.secret_file.empty()) {
    const std::string problem = read_secrets(line.secret_file, line.options.secrets);
    if (!problem.empty()) return complain(problem, kBadUsage);
  }
  line.options.ttl = std::chrono::seconds(line.ttl);
  const auto made = porthole::ice_servers(line.options);
  if (const auto* error = std::get_if<Error>(&made)) return complain(*error);
  std::printf("%s\n", std::get<std::string>(made).c_str());
  return kDone;
}

}  // namespace

int ice_servers(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kDescription, "porthole ice-servers");
  app.footer(kFooter);
  add_options(app, line);
  return run_command(app, argc, argv, [&] { return run(line); });
}

}  // namespace porthole::app
