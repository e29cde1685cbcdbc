#include "io/tls_stream.hpp"

#include <algorithm>
#include <utility>

#include "base/packet.hpp"

namespace porthole::io {
namespace {

// Room for the largest batch; what a page of megabytes took is given back.
constexpr std::size_t kKeptCiphertext = 2 * crypto::max_tls_ciphertext(kMaxDatagram);

// The ciphertext of one call, in the buffer that everybody shares; empty again afterwards.
class Ciphertext {
 public:
  explicit Ciphertext(StreamBuffers& buffers) : bytes_(buffers.ciphertext) {}
  ~Ciphertext() {
    bytes_.clear();
    if (bytes_.capacity() > kKeptCiphertext) bytes_.shrink_to_fit();
  }
  Ciphertext(const Ciphertext&) = delete;
  Ciphertext& operator=(const Ciphertext&) = delete;

  std::vector<std::uint8_t>& bytes() { return bytes_; }

 private:
  std::vector<std::uint8_t>& bytes_;
};

}  // namespace

TlsStream::TlsStream(TcpStream& below, StreamEvents& above, std::unique_ptr<crypto::TlsSession> session,
                     StreamBuffers& buffers, std::size_t max_queued)
    : max_queued_(max_queued), below_(below), above_(above), buffers_(buffers), session_(std::move(session)) {
  below_.set_events(*this);
}

bool TlsStream::write_records(Bytes bytes, std::size_t record_size, std::size_t max_queued) {
  if (bytes.empty()) return true;
  const std::size_t count = (bytes.size() + record_size - 1) / record_size;
  // What is encrypted must be sent: a record that is missing would end the connection.
  if (!below_.has_room(count * crypto::max_tls_ciphertext(record_size), max_queued)) return false;
  Ciphertext records(buffers_);
  while (!bytes.empty()) {
    const Bytes plaintext = bytes.first(std::min(record_size, bytes.size()));
    if (!session_->encrypt(plaintext, records.bytes())) return false;
    bytes = bytes.subspan(plaintext.size());
  }
  return below_.write(records.bytes());
}

void TlsStream::finish() {
  say_goodbye();
  below_.finish();
}

void TlsStream::close() {
  // Behind something that is queued, and now thrown away, it would make no sense.
  if (queued() == 0) say_goodbye();
  is_closed_ = true;
  below_.close();
}

void TlsStream::say_goodbye() {
  Ciphertext farewell(buffers_);
  session_->close(farewell.bytes());
  if (!farewell.bytes().empty()) below_.write(farewell.bytes());
}

void TlsStream::on_bytes(Bytes bytes) {
  while (!is_closed_) {
    const std::optional<Bytes> plaintext = decrypt(bytes);
    if (!plaintext) return above_.on_broken();
    if (plaintext->empty()) break;
    above_.on_bytes(*plaintext);
  }
  if (is_closed_) return;
  if (session_->state() == crypto::TlsSession::State::failed) return above_.on_broken();
  if (session_->state() == crypto::TlsSession::State::input_ended) above_.on_end_of_input();
}

std::optional<Bytes> TlsStream::decrypt(Bytes& bytes) {
  Ciphertext own(buffers_);
  const Bytes plaintext = session_->decrypt(bytes, buffers_.plaintext, own.bytes());
  if (!own.bytes().empty() && !below_.write(own.bytes(), max_queued_ + kMaxTlsOverhead)) return std::nullopt;
  return plaintext;
}

}  // namespace porthole::io
