// A whole WebRTC broadcast behind one port number: the server that an application embeds.
//
// Example:
//
//     porthole::ServerOptions options;
//     options.port = 8443;
//     options.sources.push_back({"garden", "rtsp://192.0.2.7/stream1"});
//     auto started = porthole::Server::start(options);
//     if (auto* error = std::get_if<porthole::Error>(&started)) {
//       std::fprintf(stderr, "%s\n", error->message.c_str());
//       return 1;
//     }
//     auto& server = std::get<porthole::Server>(started);
//     for (const std::string& url : server.urls()) std::printf("Watch at %s\n", url.c_str());
//     server.run();  // Until stop(), SIGINT or SIGTERM.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <porthole/basics.hpp>
#include <porthole/limits.hpp>
#include <string>
#include <variant>
#include <vector>

namespace porthole {

// A live stream: watched at /NAME.
struct SourceOptions {
  // Letters, digits, '-', '_' and '.', at most 64 of them; unique within a server.
  std::string name;
  // "test-pattern:" or whatever FFmpeg opens: a file (looped), rtsp://, rtmp://, srt://, /dev/video0.
  std::string url;
};

struct ServerOptions {
  // The one port number, for UDP and TCP alike. 0 lets the system choose: see Server::port().
  std::uint16_t port = 8443;

  // IP addresses to listen on. Empty: all of this machine's, IPv4 and IPv6.
  std::vector<std::string> listen;

  // What viewers are told to connect to, "IP", "IP:PORT", "HOST" or "HOST:PORT" (a host name is resolved
  // once, at start). Empty: the address that the viewer's own HTTP request arrived at, then this machine's
  // others.
  std::vector<std::string> advertise;

  // Empty: one source named "test-pattern" that draws a moving picture.
  std::vector<SourceOptions> sources;

  // Shared secrets from which TURN credentials are derived. The first one signs, all of them verify, so that
  // a secret can be replaced without cutting anybody off. Empty: a random one, forgotten at exit.
  std::vector<std::string> secrets;

  // The certificate for HTTPS and TURN over TLS, which share the one port with what is in clear: PEM files,
  // the server's own certificate first and those that vouch for it behind, and its private key without a
  // password. Both or neither. With them, plain HTTP from other machines is redirected to HTTPS, and browsers
  // are offered TURN over TLS. Empty: a certificate that the server signs itself, which browsers warn of.
  std::string tls_cert_file;
  std::string tls_key_file;

  // Threads that share the port and the viewers, 1 to 62. 0: one for each core that the process may use, at
  // most 16.
  std::size_t workers = 0;

  // How many viewers are served at once; further ones are asked to come back later (HTTP 503).
  std::size_t max_viewers = 1000;
  // How long a frame may wait for a viewer that comes over TCP, on a line that is slower than the stream.
  // Then it is dropped, with all frames up to the next keyframe: what arrives stays live, and moves less.
  // More than 0; shorter than half a second suits good networks only.
  std::chrono::milliseconds max_delay{500};
  // What any of them may take.
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

// A running server. Movable, not copyable; two servers in one process do not know of each other.
class Server {
 public:
  // Opens the port and the sources; when it returns a Server, viewers can connect as soon as run() is called.
  // Blocks while sources open: network sources may take seconds. Nothing stays open after an Error. The
  // process's soft limit of open files is raised to its hard one, for viewers that come by TCP.
  static std::variant<Server, Error> start(const ServerOptions& options);

  Server(Server&&) noexcept;
  Server& operator=(Server&&) noexcept;
  // Stops and frees everything. Call it only after run() has returned, or if run() was never called.
  ~Server();

  // Serves on the calling thread until stop() is called or, with handle_signals, a signal arrives.
  void run();

  // Makes run() return, after viewers have been told goodbye. Any thread; not from a signal handler.
  void stop();

  // Reads tls_cert_file and tls_key_file again. They are looked at every few seconds anyway, and with
  // handle_signals on SIGHUP: this is for applications that know when they were replaced. Clients that are
  // connected keep what they have, new ones are shown the new certificate. Where the files are of no use
  // (unreadable, half-written, expired, not of each other) the old one stays, and the log says why. Does
  // nothing without files. Any thread; not from a signal handler.
  void reload_certificate();

  // The port number in use. Any thread.
  std::uint16_t port() const;

  // The page of each stream, with the address that this machine is most likely reached at; "https://…" with a
  // certificate of its owner's. Any thread.
  std::vector<std::string> urls() const;

 private:
  class Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace porthole
