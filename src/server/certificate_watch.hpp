// Takes a new certificate when its files have changed, and keeps the old one when they are of no use.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <optional>
#include <utility>

#include "io/timer.hpp"
#include "server/tls_files.hpp"

namespace porthole::server {

// How often the files are looked at. They count as changed once they look the same twice in a row, so that
// whoever writes the certificate and then the key is not caught between the two.
constexpr Duration kCertificateLook = 2s;

// What a file is, without reading it: a file that was written, replaced by a rename, reached by another
// symbolic link or made readable differs in some of it.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = -1;  // -1: there is none.
  std::int64_t modified_ns = 0;
  std::int64_t changed_ns = 0;

  bool operator==(const FileIdentity&) const = default;
};

class CertificateWatch {
 public:
  // `take` is called on the loop's thread with what new clients are to be shown. `current` is what was read
  // from the files before. The loop is borrowed and outlives this.
  CertificateWatch(io::EventLoop& loop, TlsFiles files, TlsContextHandle current,
                   std::function<void(TlsContextHandle)> take, Duration interval = kCertificateLook);

  // Reads the files now, changed or not, and says in the log what came of it.
  void reload();
  // No look comes any more.
  void cancel() { timer_.cancel(); }

 private:
  using Identity = std::pair<FileIdentity, FileIdentity>;
  enum class Outcome : std::uint8_t { taken, same, refused };

  Identity identity() const;
  void look();
  // Says in the log what it has taken, or why it has not.
  Outcome read();

  // Constant after construction.
  const TlsFiles files_;
  const std::function<void(TlsContextHandle)> take_;
  const Duration interval_;

  TlsContextHandle current_;
  // What the files were when they were last looked at and read. At first neither: who replaced them while the
  // server started is noticed as well.
  std::optional<Identity> seen_;
  std::optional<Identity> read_;
  io::Timer timer_;
};

}  // namespace porthole::server
