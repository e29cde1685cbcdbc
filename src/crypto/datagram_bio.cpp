#include "crypto/datagram_bio.hpp"

#include <openssl/bio.h>

#include <algorithm>
#include <utility>

#include "crypto/dtls.hpp"

namespace porthole::crypto {
namespace {

DatagramQueues& queues_of(BIO* bio) {
  return *static_cast<DatagramQueues*>(BIO_get_data(bio));
}

int write_datagram(BIO* bio, const char* data, int size) {
  if (size <= 0) return size;
  DatagramQueues& queues = queues_of(bio);
  if (!queues.muted) queues.push(as_bytes({data, static_cast<std::size_t>(size)}));
  return size;  // Whether or not there was room: an error would end the handshake.
}

int read_datagram(BIO* bio, char* out, int size) {
  BIO_clear_retry_flags(bio);
  Bytes& incoming = queues_of(bio).incoming;
  if (incoming.empty() || size <= 0) {
    BIO_set_retry_read(bio);
    return -1;
  }
  const std::size_t count = std::min(incoming.size(), static_cast<std::size_t>(size));
  std::memcpy(out, incoming.data(), count);
  incoming = {};  // What did not fit is lost, as with recv().
  return static_cast<int>(count);
}

long control(BIO*, int command, long, void*) {
  switch (command) {
    case BIO_CTRL_FLUSH:
      return 1;
    case BIO_CTRL_DGRAM_QUERY_MTU:
    case BIO_CTRL_DGRAM_GET_FALLBACK_MTU:
      return long{kMaxDtlsDatagram};
    default:
      return 0;
  }
}

BIO_METHOD* make_method() {
  BIO_METHOD* const method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "porthole datagrams");
  if (method == nullptr) return nullptr;
  BIO_meth_set_write(method, write_datagram);
  BIO_meth_set_read(method, read_datagram);
  BIO_meth_set_ctrl(method, control);
  return method;
}

}  // namespace

void DatagramQueues::push(Bytes datagram) {
  if (outgoing.size() < kMaxQueuedDatagrams) outgoing.emplace_back(datagram.begin(), datagram.end());
}

std::size_t DatagramQueues::take(MutableBytes out) {
  while (!outgoing.empty()) {
    const std::vector<std::uint8_t> datagram = std::move(outgoing.front());
    outgoing.erase(outgoing.begin());
    if (outgoing.empty()) outgoing.shrink_to_fit();
    if (datagram.size() > out.size()) continue;
    std::ranges::copy(datagram, out.begin());
    return datagram.size();
  }
  return 0;
}

BIO* make_datagram_bio(DatagramQueues& queues) {
  static BIO_METHOD* const method = make_method();
  BIO* const bio = method == nullptr ? nullptr : BIO_new(method);
  if (bio == nullptr) return nullptr;
  BIO_set_data(bio, &queues);
  BIO_set_init(bio, 1);
  return bio;
}

}  // namespace porthole::crypto
