// One open port in front of an application that has WebRTC sockets of its own: a TURN server that reaches
// that application and nothing else.
//
// Example:
//
//     porthole::ForwarderOptions options;
//     options.port = 8443;
//     options.to = {"127.0.0.1:5000-5100"};
//     options.secrets = {"forty characters that nobody can guess"};
//     auto started = porthole::Forwarder::start(options);
//     if (auto* error = std::get_if<porthole::Error>(&started)) {
//       std::fprintf(stderr, "%s\n", error->message.c_str());
//       return 1;
//     }
//     auto& forwarder = std::get<porthole::Forwarder>(started);
//     for (const std::string& url : forwarder.urls()) std::printf("Clients use %s\n", url.c_str());
//     forwarder.run();  // Until stop(), SIGINT or SIGTERM.
//
// Browsers get their credentials from porthole::ice_servers().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <porthole/basics.hpp>
#include <porthole/limits.hpp>
#include <string>
#include <variant>
#include <vector>

namespace porthole {

struct ForwarderOptions {
  // The peers that clients may reach: "ADDR:PORT", "ADDR:PORT-PORT", IPv6 addresses in brackets. At least
  // one. Every other address and port is refused, in both directions.
  std::vector<std::string> to;

  // Peers are on this machine. Set this to name others in `to`, which then see this machine as the sender.
  bool allow_remote_peers = false;

  // The one port number, for UDP and TCP alike. 0 lets the system choose: see Forwarder::port().
  std::uint16_t port = 8443;

  // IP addresses to listen on. Empty: all of this machine's, IPv4 and IPv6.
  std::vector<std::string> listen;

  // Where clients reach this port, "IP", "IP:PORT", "HOST" or "HOST:PORT", for urls(). Empty: the address
  // that this machine is most likely reached at.
  std::vector<std::string> advertise;

  // Shared secrets from which TURN credentials are derived. The first one signs, all of them verify, so that
  // a secret can be replaced without cutting anybody off. At least one, at most four.
  std::vector<std::string> secrets;

  // The certificate for TURN over TLS and DTLS, as in ServerOptions. Empty: one that the forwarder signs
  // itself, with which browsers speak to nobody.
  std::string tls_cert_file;
  std::string tls_key_file;

  // Threads that share the port and its clients, 1 to 62. 0: one for each core that the process may use, at
  // most 16.
  std::size_t workers = 0;

  Limits limits;

  // Proxies that speak the PROXY protocol (version 1 or 2) in front of what they forward by TCP, as networks:
  // "192.0.2.0/24", "2001:db8::/32" or one address. What they say about their clients' addresses is believed,
  // so name nobody else; they may open any number of connections. From all others it closes the connection.
  std::vector<std::string> trust_proxy;

  LogLevel log_level = LogLevel::info;

  // Lets run() end on SIGINT and SIGTERM, and reads the certificate's files again on SIGHUP where there are
  // any. Applications that handle signals themselves set it to false.
  bool handle_signals = true;
};

// A running forwarder. Movable, not copyable.
class Forwarder {
 public:
  // Opens the port. Nothing stays open after an Error. Each allocation takes a socket, so the process's soft
  // limit of open files is raised to its hard one.
  static std::variant<Forwarder, Error> start(const ForwarderOptions& options);

  Forwarder(Forwarder&&) noexcept;
  Forwarder& operator=(Forwarder&&) noexcept;
  // Stops and frees everything. Call it only after run() has returned, or if run() was never called.
  ~Forwarder();

  // Serves on the calling thread until stop() is called or, with handle_signals, a signal arrives.
  void run();

  // Makes run() return. Any thread; not from a signal handler.
  void stop();

  // Reads tls_cert_file and tls_key_file again. They are looked at every few seconds anyway, and with
  // handle_signals on SIGHUP: this is for applications that know when they were replaced. Clients that are
  // connected keep what they have, new ones are shown the new certificate. Where the files are of no use
  // (unreadable, half-written, expired, not of each other) the old one stays, and the log says why. Does
  // nothing without files. Any thread; not from a signal handler.
  void reload_certificate();

  // The port number in use. Any thread.
  std::uint16_t port() const;

  // "turn:HOST:PORT" for each of `advertise`. Any thread.
  std::vector<std::string> urls() const;

  // What is reached, as it was understood: "127.0.0.1:5000-5100". Any thread.
  std::vector<std::string> peers() const;

 private:
  class Impl;
  explicit Forwarder(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace porthole
