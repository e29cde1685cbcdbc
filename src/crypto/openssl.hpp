// OpenSSL's objects as C++ owns them, and its errors kept where they belong.
#pragma once

#include <memory>
#include <string>

// OpenSSL's own names, so that this header does not bring all of OpenSSL with it.
using SSL = struct ssl_st;
using SSL_CTX = struct ssl_ctx_st;

namespace porthole::crypto {

struct SslRelease {
  void operator()(SSL* ssl) const;
};
using SslHandle = std::unique_ptr<SSL, SslRelease>;

struct SslContextRelease {
  void operator()(SSL_CTX* context) const;
};
using SslContextHandle = std::unique_ptr<SSL_CTX, SslContextRelease>;

// OpenSSL keeps errors in a queue that belongs to the thread, not to the object, and judges a call by what
// lies there: every call begins and ends with an empty one.
class ErrorQueueScope {
 public:
  ErrorQueueScope();
  ~ErrorQueueScope();
  ErrorQueueScope(const ErrorQueueScope&) = delete;
  ErrorQueueScope& operator=(const ErrorQueueScope&) = delete;

  // What OpenSSL says of the last error, for people: "ee key too small".
  static std::string reason();
};

}  // namespace porthole::crypto
