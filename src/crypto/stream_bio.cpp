#include "crypto/stream_bio.hpp"

#include <openssl/bio.h>

#include <algorithm>

namespace porthole::crypto {
namespace {

StreamPipes& pipes_of(BIO* bio) {
  return *static_cast<StreamPipes*>(BIO_get_data(bio));
}

int write_bytes(BIO* bio, const char* data, int size) {
  std::vector<std::uint8_t>* const outgoing = pipes_of(bio).outgoing;
  if (outgoing == nullptr || size <= 0) return -1;
  const Bytes bytes = as_bytes({data, static_cast<std::size_t>(size)});
  outgoing->insert(outgoing->end(), bytes.begin(), bytes.end());
  return size;
}

int read_bytes(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  Bytes& incoming = pipes_of(bio).incoming;
  if (incoming.empty() || size <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(incoming.size(), static_cast<std::size_t>(size));
  std::memcpy(out, incoming.data(), count);
  incoming = incoming.subspan(count);
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) {
  return command == BIO_CTRL_FLUSH ? 1 : 0;
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "porthole stream");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write(method, write_bytes);
  BIO_meth_set_read(method, read_bytes);
  BIO_meth_set_ctrl(method, control);
  return method;
}

}  // namespace

BIO* make_stream_bio(StreamPipes& pipes) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &pipes);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace porthole::crypto
