#include "server/certificate_watch.hpp"

#include <spdlog/fmt/fmt.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "io/event_loop.hpp"

namespace porthole::server {
namespace {

constexpr std::size_t kMaxNamesInLog = 5;

std::int64_t nanoseconds(const timespec& time) {
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

FileIdentity identity_of(const std::string& file) {
  struct stat found {};
  if (stat(file.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino, found.st_size, nanoseconds(found.st_mtim), nanoseconds(found.st_ctim)};
}

std::string names_of(const crypto::Certificate& certificate) {
  auto names = certificate.names();
  if (names.empty()) return "nobody by name";
  const bool more = names.size() > kMaxNamesInLog;
  if (more) names.resize(kMaxNamesInLog);
  return fmt::format("{}{}", fmt::join(names, ", "), more ? ", …" : "");
}

std::string last_day_of(const crypto::Certificate& certificate) {
  const auto until = certificate.not_after();
  return until ? date(*until) : "an unknown day";
}

}  // namespace

CertificateWatch::CertificateWatch(io::EventLoop& loop, TlsFiles files, TlsContextHandle current,
                                   std::function<void(TlsContextHandle)> take, Duration interval)
    : files_(std::move(files)),
      take_(std::move(take)),
      interval_(interval),
      current_(std::move(current)),
      timer_(loop, [this] { look(); }) {
  timer_.arm(io::EventLoop::now() + interval_);
}

CertificateWatch::Identity CertificateWatch::identity() const {
  return {identity_of(files_.certificate), identity_of(files_.key)};
}

void CertificateWatch::look() {
  timer_.arm(io::EventLoop::now() + interval_);
  const Identity now = identity();
  if (now == read_) return;
  const bool has_settled = now == seen_;
  seen_ = now;
  if (has_settled) read();
}

void CertificateWatch::reload() {
  if (read() != Outcome::same) return;
  const crypto::Certificate& certificate = current_->certificate();
  spdlog::info("the certificate is the one for {}, until {}, as before", names_of(certificate),
               last_day_of(certificate));
}

CertificateWatch::Outcome CertificateWatch::read() {
  // Before the reading: what is written meanwhile is a change.
  read_ = seen_ = identity();
  const auto context = read_tls_files(files_);
  if (!context) {
    spdlog::error("{}; the certificate stays the one from before", context.error().message);
    return Outcome::refused;
  }
  const crypto::Certificate& certificate = (*context)->certificate();
  if (certificate == current_->certificate()) return Outcome::same;
  const WallTime now = io::EventLoop::wall_clock().time(io::EventLoop::now());
  if (const std::string problem = validity_problem(certificate, now); !problem.empty()) {
    spdlog::error("{} (--tls-cert) {}; the certificate stays the one from before", files_.certificate,
                  problem);
    return Outcome::refused;
  }
  current_ = *context;
  spdlog::info("{} (--tls-cert) has a new certificate for {}, until {}", files_.certificate,
               names_of(certificate), last_day_of(certificate));
  take_(current_);
  return Outcome::taken;
}

}  // namespace porthole::server
