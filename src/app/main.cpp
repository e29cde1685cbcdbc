// The program: options in, exit status out. Everything else is libporthole's.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <map>
#include <porthole/server.hpp>
#include <string>

namespace {

// sysexits would say more, but three values are what scripts remember.
enum ExitStatus { kDone = 0, kFailed = 1, kBadUsage = 2 };

constexpr const char* kDescription =
    "Porthole: a native WebRTC broadcast behind one port number.\n"
    "Viewers open a link; firewalls open one port (UDP and TCP, the same number).\n";

constexpr const char* kFooter =
    "\nExamples:\n"
    "  porthole                                          the built-in test pattern on port 8443\n"
    "  porthole serve --source film=film.mp4             a file, looped, at /film\n"
    "  porthole serve --source door=rtsp://192.0.2.7/1   a network camera, at /door\n"
    "  porthole serve --source desk=/dev/video0          a camera of this machine, at /desk\n"
    "\nExit status: 0 done, 1 failed at run time, 2 bad usage or configuration.\n";

struct CommandLine {
  porthole::ServerOptions server;
  std::vector<std::string> sources;
  std::string secret_file;
};

int complain(const std::string& message, ExitStatus status) {
  std::fprintf(stderr, "porthole: %s\n", message.c_str());
  return status;
}

void add_serve_options(CLI::App& app, CommandLine& line) {
  using porthole::LogLevel;
  static const std::map<std::string, LogLevel> kLevels{{"debug", LogLevel::debug},
                                                       {"info", LogLevel::info},
                                                       {"warning", LogLevel::warning},
                                                       {"error", LogLevel::error},
                                                       {"off", LogLevel::off}};
  app.add_option("--port", line.server.port, "The one port number, UDP and TCP (0: any free one)")
      ->check(CLI::Range(0, 65535))
      ->type_name("PORT")
      ->capture_default_str();
  app.add_option("--listen", line.server.listen, "IP address to listen on; repeatable (default: all)")
      ->type_name("ADDR")
      ->allow_extra_args(false);
  app.add_option("--advertise", line.server.advertise,
                 "What viewers connect to, where it differs from this machine's addresses; repeatable")
      ->type_name("IP|HOST[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--source", line.sources,
                 "A stream: a file, rtsp://, rtmp://, srt://, /dev/videoN or test-pattern:; repeatable "
                 "(default: test-pattern=test-pattern:)")
      ->type_name("NAME=URL")
      ->allow_extra_args(false);
  app.add_option("--secret-file", line.secret_file,
                 "TURN shared secrets, one a line: the first signs, all verify (default: a random one)")
      ->type_name("FILE");
  app.add_option("--tls-cert", line.server.tls_cert_file,
                 "Certificate and chain for HTTPS and TURN over TLS, PEM (default: signed by itself)")
      ->type_name("FILE");
  app.add_option("--tls-key", line.server.tls_key_file, "The private key of --tls-cert, PEM, no password")
      ->type_name("FILE");
  app.add_option("--max-viewers", line.server.max_viewers, "Viewers at once; further ones get HTTP 503")
      ->check(CLI::Range(1, 100'000))
      ->type_name("N")
      ->capture_default_str();
  app.add_option("--log-level", line.server.log_level, "debug, info, warning, error or off")
      ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case))
      ->option_text("LEVEL [info]");
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_config("--config", "", "Reads options from a TOML file: port = 8443, source = [\"a=…\"]")
      ->type_name("FILE");
}

// Empty on success, otherwise what is wrong.
std::string read_secrets(const std::string& file, std::vector<std::string>& secrets) {
  std::ifstream in(file);
  if (!in) return "cannot read " + file + " (--secret-file): check that it exists and that you may read it";
  for (std::string secret; std::getline(in, secret);) {
    while (!secret.empty() && (secret.back() == '\r' || secret.back() == ' ')) secret.pop_back();
    if (!secret.empty()) secrets.push_back(secret);
  }
  if (secrets.empty()) return file + " (--secret-file) holds no secret: put one on its first line";
  return {};
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
  return line.secret_file.empty() ? "" : read_secrets(line.secret_file, line.server.secrets);
}

int serve(const porthole::ServerOptions& options) {
  auto started = porthole::Server::start(options);
  if (const auto* error = std::get_if<porthole::Error>(&started)) {
    return complain(error->message,
                    error->kind == porthole::Error::Kind::configuration ? kBadUsage : kFailed);
  }
  auto& server = std::get<porthole::Server>(started);
  for (const std::string& url : server.urls()) std::printf("Watch at %s\n", url.c_str());
  std::fflush(stdout);
  server.run();
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  CommandLine line;
  CLI::App app(kDescription, "porthole");
  app.footer(kFooter);
  app.set_version_flag("--version", std::string("porthole ") + porthole::version(),
                       "Prints the version and exits");
  app.set_help_flag("-h,--help", "Prints this help and exits");
  app.require_subcommand(0, 1);
  add_serve_options(app, line);
  app.add_subcommand("serve", "Broadcasts live video (the default command)")->fallthrough();
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    // Also for `porthole serve --help`: the options are the same.
    std::fputs(app.get_formatter()->make_help(&app, app.get_name(), CLI::AppFormatMode::Normal).c_str(),
               stdout);
    return kDone;
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return complain(std::string(error.what()) + " (see porthole --help)", kBadUsage);
  }
  if (const std::string problem = complete(line); !problem.empty()) return complain(problem, kBadUsage);
  return serve(line.server);
}
