// porthole serve: broadcasts.
#include <cstdio>
#include <map>
#include <porthole/server.hpp>

#include "app/command.hpp"

namespace porthole::app {
namespace {

constexpr const char* kDescription =
    "Porthole: a native WebRTC broadcast behind one port number.\n"
    "Viewers open a link; firewalls open one port (UDP and TCP, the same number).\n";

constexpr const char* kCommands =
    "\nCommands (each has its own --help):\n"
    "  porthole serve         broadcasts live video (the default)\n"
    "  porthole forward       one port in front of an application that has WebRTC sockets of its own\n"
    "  porthole ice-servers   credentials for browsers, made offline\n"
    "  porthole check URL     tries from here every way that media could take, and says why one fails\n";

constexpr const char* kExamples =
    "\nExamples:\n"
    "  porthole                                          the built-in test pattern on port 8443\n"
    "  porthole serve --source film=film.mp4             a file, looped, at /film\n"
    "  porthole serve --source door=rtsp://192.0.2.7/1   a network camera, at /door\n"
    "  porthole serve --source desk=/dev/video0          a camera of this machine, at /desk\n"
    "\nExit status: 0 done, 1 failed at run time, 2 bad usage or configuration.\n";

struct CommandLine {
  ServerOptions server;
  std::vector<std::string> sources;
  std::string secret_file;
  std::int64_t max_delay_ms = 500;
};

void add_max_delay(CLI::App& app, CommandLine& line) {
  static const std::map<std::string, std::int64_t> kUnits{{"ms", 1}, {"s", 1000}};
  app.add_option(
         "--max-delay", line.max_delay_ms,
         "How long a frame may wait for a viewer whose TCP line is slower than the stream; then it is "
         "dropped, with all up to the next keyframe (100ms to 10s)")
      ->transform(CLI::AsNumberWithUnit(kUnits, CLI::AsNumberWithUnit::UNIT_REQUIRED, "TIME"))
      ->check(CLI::Range(100, 10'000))
      ->option_text("TIME [500ms]");
}

void add_options(CLI::App& app, CommandLine& line) {
  add_port_options(app,
                   {&line.server.port, &line.server.listen, &line.server.advertise, &line.server.trust_proxy},
                   "What viewers connect to, where it differs from this machine's addresses; repeatable");
  app.add_option("--source", line.sources,
                 "A stream: a file, rtsp://, rtmp://, srt://, /dev/videoN or test-pattern:; repeatable "
                 "(default: test-pattern=test-pattern:)")
      ->type_name("NAME=URL")
      ->allow_extra_args(false);
  app.add_option("--secret-file", line.secret_file,
                 "TURN shared secrets, one a line: the first signs, all verify (default: a random one)")
      ->type_name("FILE");
  add_tls_options(app, line.server.tls_cert_file, line.server.tls_key_file);
  app.add_option("--max-viewers", line.server.max_viewers, "Viewers at once; further ones get HTTP 503")
      ->check(CLI::Range(1, 100'000))
      ->option_text("N [" + std::to_string(line.server.max_viewers) + "]")
      ->group("Limits");
  add_workers(app, line.server.workers);
  add_max_delay(app, line);
  add_limit_options(app, line.server.limits);
  add_log_level(app, line.server.log_level);
  add_config_file(app, "port = 8443, source = [\"a=…\"]");
}

// Empty on success, otherwise what is wrong.
std::string complete(CommandLine& line) {
  for (const std::string& source : line.sources) {
    const std::size_t equals = source.find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == source.size()) {
      return "--source " + source + ": write it as NAME=URL, for example --source film=film.mp4";
    }
    line.server.sources.push_back({source.substr(0, equals), source.substr(equals + 1)});
  }
  line.server.max_delay = std::chrono::milliseconds(line.max_delay_ms);
  return line.secret_file.empty() ? "" : read_secrets(line.secret_file, line.server.secrets);
}

int run(CommandLine& line) {
  if (const std::string problem = complete(line); !problem.empty()) return complain(problem, kBadUsage);
  auto started = Server::start(line.server);
  if (const auto* error = std::get_if<Error>(&started)) return complain(*error);
  auto& server = std::get<Server>(started);
  for (const std::string& url : server.urls()) std::printf("Watch at %s\n", url.c_str());
  std::fflush(stdout);
  server.run();
  return kDone;
}

}  // namespace

int serve(int argc, const char* const* argv, bool is_named) {
  CommandLine line;
  CLI::App app(kDescription, is_named ? "porthole serve" : "porthole");
  app.footer(is_named ? kExamples : std::string(kCommands) + kExamples);
  app.set_version_flag("--version", std::string("porthole ") + version(), "Prints the version and exits");
  add_options(app, line);
  return run_command(app, argc, argv, [&] { return run(line); });
}

}  // namespace porthole::app
