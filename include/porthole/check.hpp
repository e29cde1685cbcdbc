// A doctor for a viewer's network: tries, from this machine, every way that a Porthole server's media could
// take, and says what works, how fast, and why the rest does not.
//
// Example:
//
//     porthole::CheckOptions options;
//     options.url = "https://cam.example:8443/garden";
//     const auto checked = porthole::check_url(options);
//     if (const auto* error = std::get_if<porthole::Error>(&checked)) {
//       std::fprintf(stderr, "%s\n", error->message.c_str());
//       return 2;
//     }
//     const auto& report = std::get<porthole::CheckReport>(checked);
//     porthole::print(report, stdout);
//     return report.carries_media() ? 0 : 1;
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <optional>
#include <porthole/basics.hpp>
#include <string>
#include <variant>
#include <vector>

namespace porthole {

struct CheckOptions {
  // "http(s)://HOST[:PORT][/NAME]", as the server printed it. Without a scheme or port the likely ones are
  // tried, all at once, and the first that answers as a Porthole is taken. Without a NAME: the first live
  // stream.
  std::string url;

  // For each step: reaching the server, asking it for a session, and every rung. The rungs run side by side.
  std::chrono::milliseconds timeout = std::chrono::seconds(5);

  // Goes on although the certificate does not hold. Whoever opens TLS on the way can then read along.
  bool insecure = false;
};

enum class RungState : std::uint8_t {
  works,
  fails,        // `reason` and `explanation` say why.
  not_offered,  // The server has no such way.
  not_tried,    // What it needs failed before.
};

// One way to the server: the page itself, or a rung of the ladder that viewers climb.
struct RungReport {
  // "page"; or "direct", "ice-tcp", "turn-udp", "turn-tcp", "turn-tls", "websocket".
  std::string name;
  RungState state = RungState::not_tried;

  // Where it was tried: "udp 192.0.2.1:8443", "tls cam.example:443 by proxy 192.0.2.9:3128". Empty where it
  // was not.
  std::string target;
  // Until the first answer that proves the way (with TCP, TLS and TURN's own exchanges), and one exchange
  // over the way once it is up. Both only where the rung works.
  std::optional<std::chrono::microseconds> connect;
  std::optional<std::chrono::microseconds> round_trip;
  // This machine's address as the server saw it, behind whatever NAT there is. Empty where nobody said.
  std::string seen_as;

  // One stable word, empty where the rung works: "no-such-name", "refused", "timeout", "unreachable",
  // "reset", "closed", "no-tls", "certificate", "proxy", "not-porthole", "no-stream", "unauthorized",
  // "forbidden", "busy", "bad-answer", "local", "not-offered", "not-tried".
  std::string reason;
  // The likely cause, and what to ask of whom: a firewall's or the server's owner. Sentences; may be empty.
  std::string explanation;
  std::string advice;
};

// The certificate that the page's server showed. Texts of a stranger, made safe to print.
struct CheckedCertificate {
  std::string issuer;
  std::string names;       // The hosts that it is for, with commas.
  std::string not_before;  // "2026-11-24", UTC. Nobody may take it before and after.
  std::string not_after;
  bool is_valid = false;  // For this host, today, signed by somebody whom this machine trusts.
  std::string problem;    // Why it is not: one sentence.
};

struct CheckReport {
  // What was reached, or else what was tried first; all that was tried.
  std::string url;
  std::vector<std::string> tried;

  RungReport page;
  std::optional<CheckedCertificate> certificate;  // Over HTTPS.
  std::string stream;                             // The name of the stream that was asked for.

  // Every rung, in the order in which a viewer prefers them. All are there, whatever happened.
  std::vector<RungReport> rungs;

  // Sentences about this machine that the reader should know.
  std::vector<std::string> notes;

  // Whether some rung works.
  bool carries_media() const;
};

// TCP goes through the proxy of HTTPS_PROXY, HTTP_PROXY or ALL_PROXY ("http://[USER:PASSWORD@]HOST:PORT"), by
// CONNECT, unless NO_PROXY names the host; UDP goes straight. Blocks, for at most four times the timeout; may
// be called on any thread. Starts threads of its own, which have ended when it returns, but for one that
// waits for the system's resolver. A WHEP session that it opens is closed again. An Error is bad usage
// (Kind::configuration); all that a network can do is in the report.
std::variant<CheckReport, Error> check_url(const CheckOptions& options);

// The report as a table and sentences, with a line break at the end. Nothing of it can move a terminal's
// cursor, whatever the server said. `colour` adds ANSI escapes of our own.
std::string to_text(const CheckReport& report, bool colour = false);

// Writes to_text() to `out`, which stays the caller's: in colour on a terminal, unless NO_COLOR is set.
void print(const CheckReport& report, std::FILE* out);

// One JSON object on one line. Its field names are those of the structs above and will stay; times are
// numbers of milliseconds, what is not known is null, and states are "works", "fails", "not-offered" and
// "not-tried". `carries_media` is a field as well.
std::string to_json(const CheckReport& report);

}  // namespace porthole
