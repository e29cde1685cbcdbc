// porthole forward: one port in front of an application's own sockets.
#include <cstdio>
#include <porthole/forwarder.hpp>

#include "app/command.hpp"

namespace porthole::app {
namespace {

constexpr const char* kDescription =
    "Puts one port in front of an application that has WebRTC sockets of its own, by being its TURN server.\n"
    "Clients with credentials reach the addresses and ports of --to, and nothing else whatever they ask "
    "for.\n";

constexpr const char* kFooter =
    "\nExample:\n"
    "  openssl rand -base64 32 > secret\n"
    "  porthole forward --to 127.0.0.1:5000-5100 --secret-file secret\n"
    "  porthole ice-servers --secret-file secret --url turn:cam.example:8443\n"
    "The last one prints what goes into a page's RTCPeerConnection, with iceTransportPolicy \"relay\".\n"
    "\nExit status: 0 done, 1 failed at run time, 2 bad usage or configuration.\n";

struct CommandLine {
  ForwarderOptions forwarder;
  std::string secret_file;
};

void add_options(CLI::App& app, CommandLine& line) {
  app.add_option("--to", line.forwarder.to,
                 "What clients may reach: IPv4, or IPv6 in brackets, with a port or a range; repeatable")
      ->type_name("ADDR:PORT[-PORT]")
      ->allow_extra_args(false);
  app.add_option("--secret-file", line.secret_file,
                 "TURN shared secrets, one a line: the first signs, all verify. Nobody gets in without")
      ->type_name("FILE");
  app.add_flag("--allow-remote-peers", line.forwarder.allow_remote_peers,
               "Lets --to name other machines, which then see this one as the sender");
  add_port_options(
      app,
      {&line.forwarder.port, &line.forwarder.listen, &line.forwarder.advertise, &line.forwarder.trust_proxy},
      "Where clients reach this port, for the line that is printed; repeatable");
  add_tls_options(app, line.forwarder.tls_cert_file, line.forwarder.tls_key_file);
  add_workers(app, line.forwarder.workers);
  add_limit_options(app, line.forwarder.limits);
  add_log_level(app, line.forwarder.log_level);
  add_config_file(app, "to = [\"127.0.0.1:5000\"]");
}

std::string joined(const std::vector<std::string>& texts) {
  std::string line;
  for (const std::string& text : texts) line += (line.empty() ? "" : ", ") + text;
  return line;
}

int run(CommandLine& line) {
  if (!line.secret_file.empty()) {
    const std::string problem = read_secrets(line.secret_file, line.forwarder.secrets);
    if (!problem.empty()) return complain(problem, kBadUsage);
  }
  auto started = Forwarder::start(line.forwarder);
  if (const auto* error = std::get_if<Error>(&started)) return complain(*error);
  auto& forwarder = std::get<Forwarder>(started);
  std::printf("Forwarding %s to %s\n", joined(forwarder.urls()).c_str(), joined(forwarder.peers()).c_str());
  std::fflush(stdout);
  forwarder.run();
  return kDone;
}

}  // namespace

int forward(int argc, const char* const* argv) {
  CommandLine line;
  CLI::App app(kDescription, "porthole forward");
  app.footer(kFooter);
  add_options(app, line);
  return run_command(app, argc, argv, [&] { return run(line); });
}

}  // namespace porthole::app
