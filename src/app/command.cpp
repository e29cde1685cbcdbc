#include "app/command.hpp"

#include <cstdio>
#include <fstream>
#include <map>
#include <sstream>

namespace porthole::app {
namespace {

constexpr const char* kLimits = "Limits";

// A few secrets and what is to be said of them. Without a bound a wrong name, /dev/zero or a video, would be
// read for ever.
constexpr std::size_t kMaxSecretFile = 64 << 10;

void add_limit(CLI::App& app, const std::string& name, std::size_t& value, const std::string& help,
               std::size_t least, std::size_t most) {
  app.add_option(name, value, help)
      ->check(CLI::Range(least, most))
      ->option_text("N [" + std::to_string(value) + "]")
      ->group(kLimits);
}

}  // namespace

int complain(const std::string& message, ExitStatus status) {
  std::fprintf(stderr, "porthole: %s\n", message.c_str());
  return status;
}

int complain(const Error& error) {
  return complain(error.message, error.kind == Error::Kind::configuration ? kBadUsage : kFailed);
}

int run_command(CLI::App& app, int argc, const char* const* argv, const std::function<int()>& run) {
  app.set_help_flag("-h,--help", "Prints this help and exits");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ExtrasError&) {
    // Also what stands behind options that belong to a command.
    const std::string extra = app.remaining().front();
    const bool is_command =
        extra == "serve" || extra == "forward" || extra == "ice-servers" || extra == "check";
    return complain(is_command
                        ? "the command comes first: porthole " + extra + " and then its options"
                        : "there is no option or command " + extra + " (see " + app.get_name() + " --help)",
                    kBadUsage);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);
    return complain(std::string(error.what()) + " (see " + app.get_name() + " --help)", kBadUsage);
  }
  return run();
}

void add_port_options(CLI::App& app, const PortOptions& options, const std::string& advertise_help) {
  app.add_option("--port", *options.port, "The one port number, UDP and TCP (0: any free one)")
      ->check(CLI::Range(0, 65535))
      ->option_text("PORT [" + std::to_string(*options.port) + "]");
  app.add_option("--listen", *options.listen, "IP address to listen on; repeatable (default: all)")
      ->type_name("ADDR")
      ->allow_extra_args(false);
  app.add_option("--advertise", *options.advertise, advertise_help)
      ->type_name("IP|HOST[:PORT]")
      ->allow_extra_args(false);
  app.add_option("--trust-proxy", *options.trust_proxy,
                 "Proxies that are believed when they say, by the PROXY protocol, whose connection it is; "
                 "repeatable")
      ->type_name("CIDR")
      ->allow_extra_args(false);
}

void add_tls_options(CLI::App& app, std::string& certificate_file, std::string& key_file) {
  app.add_option(
         "--tls-cert", certificate_file,
         "Certificate and chain for HTTPS and TURN over TLS and DTLS, PEM; read again when it changes or on "
         "SIGHUP (default: signed by itself)")
      ->type_name("FILE");
  app.add_option("--tls-key", key_file, "The private key of --tls-cert, PEM, no password")->type_name("FILE");
}

void add_workers(CLI::App& app, std::size_t& workers) {
  app.add_option("--workers", workers, "Threads that share the port and its clients (default: one a core)")
      ->check(CLI::Range(1, 62))
      ->option_text("N");
}

void add_limit_options(CLI::App& app, Limits& limits) {
  constexpr std::size_t kMany = 1'000'000;
  constexpr std::size_t kLargest = std::size_t{1} << 40;
  add_limit(app, "--max-allocations", limits.max_allocations, "TURN allocations at once", 1, kMany);
  add_limit(app, "--max-allocations-per-user", limits.max_allocations_per_user,
            "... with the credentials of one user", 1, kMany);
  add_limit(app, "--max-allocations-per-address", limits.max_allocations_per_address,
            "... from one client address (IPv6: /64)", 1, kMany);
  app.add_option("--max-bytes-per-second", limits.max_bytes_per_second,
                 "Relayed for one allocation, in each direction (0: no limit)")
      ->check(CLI::Range(std::size_t{0}, kLargest))
      ->option_text("N [" + std::to_string(limits.max_bytes_per_second) + "]")
      ->group(kLimits);
  add_limit(app, "--max-connections", limits.max_connections, "TCP connections at once", 1, kMany);
  add_limit(app, "--max-connections-per-address", limits.max_connections_per_address,
            "... from one client address (IPv6: /64)", 1, kMany);
  add_limit(app, "--max-dtls-clients", limits.max_dtls_clients, "Clients over DTLS at once", 1, kMany);
  add_limit(app, "--max-dtls-clients-per-address", limits.max_dtls_clients_per_address,
            "... from one client address (IPv6: /64)", 1, kMany);
  add_limit(app, "--max-queued-bytes", limits.max_queued_bytes,
            "Waiting for one TCP client that reads too slowly", 64 << 10, kLargest);
}

void add_log_level(CLI::App& app, LogLevel& level) {
  static const std::map<std::string, LogLevel> kLevels{{"debug", LogLevel::debug},
                                                       {"info", LogLevel::info},
                                                       {"warning", LogLevel::warning},
                                                       {"error", LogLevel::error},
                                                       {"off", LogLevel::off}};
  app.add_option("--log-level", level, "debug, info, warning, error or off")
      ->transform(CLI::CheckedTransformer(kLevels, CLI::ignore_case))
      ->option_text("LEVEL [info]");
}

void add_config_file(CLI::App& app, const std::string& example) {
  app.allow_config_extras(CLI::config_extras_mode::error);
  app.set_config("--config", "", "Reads options from a TOML file: " + example)->type_name("FILE");
}

std::string read_secrets(const std::string& file, std::vector<std::string>& secrets) {
  std::ifstream in(file);
  if (!in) return "cannot read " + file + " (--secret-file): check that it exists and that you may read it";
  std::string text(kMaxSecretFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kMaxSecretFile) return file + " (--secret-file) is too long: a secret takes one line";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    line.erase(line.find_last_not_of(" \t\r") + 1);
    if (!line.empty() && line[0] != '#') secrets.push_back(line);
  }
  if (secrets.empty()) return file + " (--secret-file) holds no secret: put one on its first line";
  return {};
}

}  // namespace porthole::app
