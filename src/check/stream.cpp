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
  if (endpoint.tls) {
    const auto greeted = once_connected(stream->greet(endpoint, deadline));
    if (!greeted) return fail(greeted.error());
  }
  return stream;
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
