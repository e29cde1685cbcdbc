// What a stranger's TLS bytes can do before there are keys: the guard says the same however they are cut, and
// the session uses up what it gets, says little and never takes it for plaintext. The input: 2 bytes that say
// how to cut, the stream.
#include <algorithm>
#include <optional>
#include <vector>

#include "crypto/tls.hpp"
#include "fuzz/require.hpp"

namespace porthole::fuzz {
namespace {

using crypto::TlsSession;

// A server's whole first flight, with a self-signed certificate.
constexpr std::size_t kMaxSaid = 8192;

class Cutter {
 public:
  Cutter(Bytes stream, std::uint32_t seed) : stream_(stream), seed_(seed) {}

  Bytes next() {
    seed_ = seed_ * 1'664'525 + 1'013'904'223;
    const std::size_t size = std::min<std::size_t>(1 + (seed_ >> 24) % 200, stream_.size());
    const Bytes piece = stream_.first(size);
    stream_ = stream_.subspan(size);
    return piece;
  }

 private:
  Bytes stream_;
  std::uint32_t seed_;
};

// RFC 8446 sections 4 and 5.1, read at leisure: the handshake's bytes in one piece first.
bool is_admissible(Bytes stream) {
  std::vector<std::uint8_t> handshake;
  while (stream.size() >= 5) {
    const std::size_t size = std::min<std::size_t>(load_u16(&stream[3]), stream.size() - 5);
    const Bytes fragment = stream.subspan(5, size);
    if (stream[0] == 22) handshake.insert(handshake.end(), fragment.begin(), fragment.end());
    stream = stream.subspan(5 + size);
  }
  Bytes messages = handshake;
  while (messages.size() >= 4) {
    const std::size_t size = load_u32(messages.data()) & 0xff'ffff;
    if (size > crypto::kMaxTlsHandshakeMessage) return false;
    messages = messages.subspan(std::min(4 + size, messages.size()));
  }
  return true;
}

bool guard_admits(Bytes stream, std::uint32_t seed) {
  crypto::HandshakeGuard guard;
  Cutter cutter(stream, seed);
  for (Bytes piece = cutter.next(); !piece.empty(); piece = cutter.next()) {
    if (!guard.admit(piece)) return false;
  }
  return true;
}

std::unique_ptr<TlsSession> make_session() {
  // One for all: keys cost more than everything else here.
  static const auto context = crypto::TlsContext::create(*crypto::Certificate::self_signed(
                                                             WallTime(std::chrono::seconds(1'700'000'000))))
                                  .value();
  return context->make_session();
}

void check_session(Bytes stream, std::uint32_t seed) {
  const auto session = make_session();
  std::vector<std::uint8_t> out;
  std::vector<std::uint8_t> buffer(crypto::kMaxTlsPlaintext);
  Cutter cutter(stream, seed);
  for (Bytes piece = cutter.next(); !piece.empty(); piece = cutter.next()) {
    const bool had_failed = session->state() == TlsSession::State::failed;
    const std::size_t before = out.size();
    require(session->decrypt(piece, buffer, out).empty(), "nothing is said before there are keys");
    require(piece.empty(), "what was given is used up");
    require(session->state() != TlsSession::State::open, "no handshake ends without the server's key");
    require(!had_failed || session->state() == TlsSession::State::failed, "a failure is the end");
    require(!had_failed || out.size() == before, "a failure is told once");
    require(out.size() <= kMaxSaid, "a stranger is told little");
  }
  require(is_admissible(stream) || session->state() == TlsSession::State::failed ||
              session->state() == TlsSession::State::input_ended,
          "a message that is too long is refused");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const std::uint32_t seed = input.u16();
  const Bytes stream = input.rest();
  crypto::HandshakeGuard whole;
  const bool admitted = whole.admit(stream);
  fuzz::require(admitted == fuzz::is_admissible(stream), "exactly what is too long is refused");
  fuzz::require(admitted == fuzz::guard_admits(stream, seed), "the guard does not care how bytes are cut");
  fuzz::check_session(stream, seed);
  return 0;
}
