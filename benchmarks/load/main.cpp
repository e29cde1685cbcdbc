// viewer_load: opens viewers against a WebRTC server on this machine, measures what they get and what it
// costs the server, and says so as JSON. It decodes nothing.
#include <openssl/ssl.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <map>

#include "io/event_loop.hpp"
#include "io/file_limit.hpp"
#include "load/report.hpp"

namespace porthole::load {
namespace {

const std::map<std::string, Path> kPaths{{"direct", Path::direct},
                                         {"ice-tcp", Path::ice_tcp},
                                         {"turn-udp", Path::turn_udp},
                                         {"turn-tcp", Path::turn_tcp},
                                         {"turn-tls", Path::turn_tls}};
const std::map<std::string, Protocol> kProtocols{{"whep", Protocol::whep}, {"janus", Protocol::janus}};

// As OpenSSL writes them.
const std::map<std::string, std::string> kProfiles{{"any", "SRTP_AEAD_AES_128_GCM:SRTP_AES128_CM_SHA1_80"},
                                                   {"gcm", "SRTP_AEAD_AES_128_GCM"},
                                                   {"cm", "SRTP_AES128_CM_SHA1_80"}};

void add_options(CLI::App& app, Options& options, bool& no_gro) {
  app.add_option("--url", options.url, "http://ADDR:PORT/whep/NAME, or Janus's http://ADDR:PORT/janus")
      ->required();
  app.add_option("--viewers,--watch", options.viewers, "Viewers to measure")->check(CLI::Range(1, 20'000));
  app.add_option("--seconds", options.seconds, "How long to measure")->check(CLI::Range(0.1, 3600.0));
  app.add_option("--warm-up", options.warm_up, "Seconds between the last join and that")
      ->check(CLI::Range(0.0, 600.0));
  app.add_option("--rate", options.rate, "Joins a second")->check(CLI::Range(0.1, 100'000.0));
  app.add_option("--patience", options.patience, "Seconds that a join may take")
      ->check(CLI::Range(1.0, 600.0));
  app.add_option("--path", options.path, "direct, ice-tcp, turn-udp, turn-tcp or turn-tls")
      ->transform(CLI::CheckedTransformer(kPaths));
  app.add_option("--signalling", options.signalling, "whep or janus")
      ->transform(CLI::CheckedTransformer(kProtocols));
  app.add_option("--srtp", options.srtp, "gcm, cm or any: what DTLS offers")
      ->check(CLI::IsMember({"gcm", "cm", "any"}));
  app.add_option("--offer", options.offer, "A file with another browser's offer");
  app.add_option("--server-pid", options.servers, "Whose processor time and memory to measure; repeatable");
  app.add_option("--nap", options.nap,
                 "Milliseconds to sleep between reads, so that no send wakes anybody (0: none)")
      ->check(CLI::Range(0.0, 20.0));
  app.add_flag("--no-gro", no_gro, "Read datagrams one by one");
  app.add_flag("--feedback", options.feedback, "Receiver reports, and NACKs for what is lost");
  app.add_option("--loss", options.loss,
                 "Take this part of the packets for lost (0 to 1); implies --feedback")
      ->check(CLI::Range(0.0, 0.9));
  app.add_option("--join-storm", options.storm, "Then so many others join, at --rate, while the first watch")
      ->check(CLI::Range(0, 20'000));
  app.add_flag("--verbose", options.verbose, "Says on stderr how far it is");
}

// Of a command line; what goes wrong later ends with 1.
constexpr int kBadUsage = 2;

int complain(const std::string& what) {
  std::fprintf(stderr, "viewer_load: %s\n", what.c_str());
  return 1;
}

std::string read_file(const std::string& name) {
  std::ifstream file(name, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

// A rate for those that only come to watch: a server is not measured by how they all come at once.
constexpr double kGentleRate = 100;

Findings run(Options& options, Crowd& crowd) {
  Findings findings;
  const double rate = options.rate;
  if (options.storm > 0) options.rate = std::min(rate, kGentleRate);
  findings.before = usage_of(options.servers);
  findings.arrivals = crowd.join(options.viewers, nullptr);
  if (crowd.count(Viewer::State::watching) == 0) return findings;
  crowd.wait(options.warm_up);
  findings.connected = usage_of(options.servers);
  findings.steady = crowd.measure(options.seconds);
  if (options.storm > 0) {
    options.rate = rate;
    findings.storm.emplace();
    findings.storm->arrivals = crowd.join(options.storm, &findings.storm->window);
  }
  findings.after = usage_of(options.servers);
  return findings;
}

// A socket for each viewer, one more while it joins, and what every program has.
bool has_files_for(std::size_t viewers) {
  constexpr std::size_t kOthers = 32;
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= 2 * viewers + kOthers;
}

std::string first_failure(const Crowd& crowd) {
  const auto failed =
      std::ranges::find_if(crowd.viewers(), [](const auto& viewer) { return !viewer->failure().empty(); });
  return failed == crowd.viewers().end() ? "no viewer says why" : (*failed)->failure();
}

int measure(Options& options) {
  const auto endpoint = parse_endpoint(options.url);
  if (!endpoint) return complain("--url must be http://, with an IP address or localhost: " + options.url);
  for (const int process : options.servers) {
    if (!process_exists(process)) return complain("there is no process " + std::to_string(process));
  }
  if (!has_files_for(options.viewers + options.storm))
    return complain("too few files may be open (ulimit -Hn)");
  const std::string offer = read_file(options.offer);
  if (offer.empty()) return complain("cannot read " + options.offer);
  const auto certificate =
      crypto::Certificate::self_signed(io::EventLoop::wall_clock().time(io::EventLoop::now()));
  if (!certificate) return complain("OpenSSL made no certificate");
  const auto dtls = crypto::OpenSslDtlsFactory::create(*certificate, kProfiles.at(options.srtp));
  const crypto::SslContextHandle tls(SSL_CTX_new(TLS_client_method()));
  if (!dtls || !tls) return complain("OpenSSL has no DTLS or TLS");
  Crowd crowd(options, *endpoint, offer, *dtls, tls.get());
  const Findings findings = run(options, crowd);
  std::printf("%s\n", report(options, crowd, findings).c_str());
  crowd.leave();
  if (findings.steady.delivery.packets > 0) return 0;
  return complain("nothing came: " + first_failure(crowd));
}

int main_of(int argc, char** argv) {
  Options options;
  options.offer = PORTHOLE_OFFER;
  bool no_gro = false;
  CLI::App app("Opens viewers against a WebRTC server on this machine and measures.");
  add_options(app, options, no_gro);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : kBadUsage;
  }
  options.gro = !no_gro;
  options.feedback = options.feedback || options.loss > 0;
  io::raise_file_limit();
  return measure(options);
}

}  // namespace
}  // namespace porthole::load

int main(int argc, char** argv) {
  return porthole::load::main_of(argc, argv);
}
