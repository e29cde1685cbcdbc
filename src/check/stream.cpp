#include "check/stream.hpp"

#include <utility>

namespace porthole::check {
namespace {

template <class T>
Result<T, Fault> once_connected(Result<T, Fault> result) {
  if (result) return result;
  Fault fault = result.error();
  fault.connected = true;
  return fail(std::move(fault));
}

}  // namespace

Result<std::unique_ptr<Stream>, Fault> Stream::open(const Endpoint& endpoint, const Deadline& deadline) {
  auto fd = connect_tcp(endpoint.address, deadline);
  if (!fd) return fail(fd.error());
  std::unique_ptr<Stream> stream(new Stream(*std::move(fd)));
  const auto ready = once_connected(stream->set_up(endpoint, deadline));
  if (!ready) return fail(ready.error());
  return stream;
}

Result<void, Fault> Stream::set_up(const Endpoint& endpoint, const Deadline& deadline) {
  if (endpoint.proxy) {
    if (auto passed = pass_proxy(endpoint, deadline); !passed) return passed;
  }
  return endpoint.tls ? greet(endpoint, deadline) : Result<void, Fault>();
}

Result<void, Fault> Stream::pass_proxy(const Endpoint& endpoint, const Deadline& deadline) {
  const std::string request = connect_request(*endpoint.proxy, endpoint.authority);
  if (auto asked = write_all(as_bytes(request), deadline); !asked) return asked;
  // Byte by byte, so that nothing is taken of what the server says behind it.
  std::string head;
  while (!head.ends_with("\r\n\r\n")) {
    std::uint8_t byte = 0;
    const auto count = read_some({&byte, 1}, deadline);
    if (!count) return fail(count.error());
    if (*count == 0 || head.size() == kMaxProxyAnswer) {
      return fail(Fault{Reason::proxy, "What should be the proxy does not answer as one."});
    }
    head += static_cast<char>(byte);
  }
  return read_connect_answer(head);
}

Result<void, Fault> Stream::greet(const Endpoint& endpoint, const Deadline& deadline) {
  tls_ = std::make_unique<TlsClient>(fd_.get(), endpoint.host);
  if (auto greeted = tls_->handshake(deadline); !greeted) return greeted;
  certificate_ = tls_->certificate();
  if (!certificate_->is_valid && !endpoint.insecure) {
    return fail(Fault{Reason::certificate, certificate_->problem});
  }
  return {};
}

Result<std::size_t, Fault> Stream::read_some(MutableBytes buffer, const Deadline& deadline) {
  return once_connected(tls_ ? tls_->read_some(buffer, deadline)
                             : check::read_some(fd_.get(), buffer, deadline));
}

Result<void, Fault> Stream::write_all(Bytes bytes, const Deadline& deadline) {
  return once_connected(tls_ ? tls_->write_all(bytes, deadline)
                             : check::write_all(fd_.get(), bytes, deadline));
}

}  // namespace porthole::check
