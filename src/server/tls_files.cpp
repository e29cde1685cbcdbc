#include "server/tls_files.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <fstream>
#include <optional>

namespace porthole::server {
namespace {

Failure<Error> wrong(std::string message) {
  return fail(Error{Error::Kind::configuration, std::move(message)});
}

// No more than what is refused for its size later; nullopt when it cannot be read.
std::optional<std::string> read_file(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(crypto::kMaxPemSize + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad() || (in.fail() && !in.eof())) return std::nullopt;
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string unreadable(const std::string& file, const char* option) {
  return "cannot read " + file + " (" + option + "): check that it exists and that you may read it";
}

std::string without_port(const std::string& host) {
  if (IpAddress::parse(host)) return host;
  if (const auto address = SocketAddress::parse(host)) return address->ip.to_string();
  return host.substr(0, host.rfind(':'));
}

}  // namespace

std::string date(WallTime time) {
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(time));
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(day.year()), static_cast<unsigned>(day.month()),
                     static_cast<unsigned>(day.day()));
}

Result<TlsContextHandle, Error> read_tls_files(const TlsFiles& files) {
  const std::string& cert_file = files.certificate;
  const std::string& key_file = files.key;
  if (key_file.empty()) return wrong("--tls-cert needs --tls-key FILE, too: the certificate's private key");
  if (cert_file.empty()) return wrong("--tls-key needs --tls-cert FILE, too: the certificate of that key");
  const auto chain = read_file(cert_file);
  if (!chain) return wrong(unreadable(cert_file, "--tls-cert"));
  const auto key = read_file(key_file);
  if (!key) return wrong(unreadable(key_file, "--tls-key"));
  const std::string which = "--tls-cert " + cert_file + " --tls-key " + key_file + ": ";
  const auto certificate = crypto::Certificate::from_pem(as_bytes(*chain), as_bytes(*key));
  if (!certificate) return wrong(which + certificate.error());
  auto context = crypto::TlsContext::create(*certificate);
  if (!context) return wrong(which + context.error());
  return std::move(*context);
}

Result<TlsContextHandle, Error> make_own_tls(const std::vector<std::string>& advertised,
                                             const std::vector<IpAddress>& addresses, WallTime now) {
  const auto certificate = crypto::Certificate::self_signed(now, certificate_names(advertised, addresses));
  if (!certificate) {
    return fail(Error{Error::Kind::runtime, "OpenSSL cannot make a TLS certificate: check its installation"});
  }
  auto context = crypto::TlsContext::create(*certificate);
  if (!context) return fail(Error{Error::Kind::runtime, context.error()});
  return std::move(*context);
}

Result<TlsContextHandle, Error> open_tls(const TlsFiles& files, const std::vector<std::string>& advertised,
                                         const std::vector<IpAddress>& addresses, WallTime now) {
  if (!are_given(files)) return make_own_tls(advertised, addresses, now);
  auto context = read_tls_files(files);
  if (!context) return context;
  if (const std::string problem = validity_problem((*context)->certificate(), now); !problem.empty()) {
    spdlog::warn("{} (--tls-cert) {}: browsers will refuse it", files.certificate, problem);
  }
  return context;
}

std::string validity_problem(const crypto::Certificate& certificate, WallTime now) {
  const auto from = certificate.not_before();
  const auto until = certificate.not_after();
  if (!from || !until) return "does not say when it is valid";
  if (now < *from) return "is not valid before " + date(*from);
  if (now > *until) return "expired on " + date(*until);
  return {};
}

std::vector<std::string> certificate_names(const std::vector<std::string>& advertised,
                                           const std::vector<IpAddress>& addresses) {
  std::vector<std::string> names{"localhost"};
  for (const std::string& host : advertised) names.push_back(without_port(host));
  for (const IpAddress& address : addresses) names.push_back(address.to_string());
  std::ranges::sort(names);
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace porthole::server
