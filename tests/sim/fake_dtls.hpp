// DTLS in virtual time, for both ends: the real one's four flights, retransmission, fingerprints and keys,
// without its cryptography. OpenSSL reads the clock itself, so it has no place in a simulation.
#pragma once

#include <array>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/random.hpp"
#include "crypto/dtls.hpp"
#include "crypto/hmac.hpp"

namespace porthole::sim {

class FakeDtlsSession final : public crypto::DtlsSession {
 public:
  // `fingerprint` is of our own certificate, "sha-256 AB:…".
  FakeDtlsSession(crypto::DtlsParameters parameters, std::string fingerprint, crypto::SrtpProfile profile,
                  Random& random);

  void start(Instant now) override;
  void handle_datagram(Bytes datagram, Instant now) override;
  void handle_timeout(Instant now) override;
  Instant next_timeout() const override {
    return is_on_stream_ && retry_at_ != Instant::max() ? give_up_at_ : retry_at_;
  }
  void set_reliable(bool reliable) override { is_on_stream_ = reliable; }
  std::size_t poll_transmit(MutableBytes out) override;
  State state() const override { return state_; }
  const crypto::SrtpKeys* keys() const override {
    return state_ == State::connected && keys_ ? &*keys_ : nullptr;
  }
  void close(Instant now) override;

 private:
  using Nonce = std::array<std::uint8_t, 32>;
  enum class Kind : std::uint8_t { client_hello = 1, server_hello, client_finished, server_finished, close };
  struct Message {
    Kind kind{};
    Nonce client{};
    Nonce server{};
    std::string fingerprint;
    crypto::Sha256Digest tag{};  // Of those that prove knowledge of the secret.
  };

  static std::optional<Message> read(Bytes datagram);
  void send(Kind kind);
  void send_flight(Kind kind, Instant now);
  void handle_as_client(const Message& message, Instant now);
  void handle_as_server(const Message& message);
  void agree();
  void connect() {
    state_ = State::connected;
    retry_at_ = Instant::max();
  }
  void give_up();
  crypto::Sha256Digest tag(Kind kind, std::string_view fingerprint) const;

  // Constant after construction.
  crypto::DtlsParameters parameters_;
  std::string fingerprint_;
  crypto::SrtpProfile profile_;
  bool is_client_;

  State state_ = State::connecting;
  Nonce client_{};
  Nonce server_{};
  bool heard_ = false;  // From the other side; its nonce is known.
  std::optional<crypto::SrtpKeys> keys_;
  std::deque<std::vector<std::uint8_t>> out_;

  bool is_on_stream_ = false;

  // The client's, which repeats for both sides.
  Kind flight_ = Kind::client_hello;
  Duration wait_ = crypto::kFirstDtlsRetransmission;
  Instant retry_at_ = Instant::max();
  Instant give_up_at_ = Instant::max();
};

class FakeDtlsFactory final : public crypto::DtlsFactory {
 public:
  explicit FakeDtlsFactory(Random& random) : random_(random) {}

  std::unique_ptr<crypto::DtlsSession> make(const crypto::DtlsParameters& parameters) override;
  std::string fingerprint() const override;

  crypto::SrtpProfile profile = crypto::SrtpProfile::aead_aes_128_gcm;

 private:
  Random& random_;  // Borrowed.
};

}  // namespace porthole::sim
