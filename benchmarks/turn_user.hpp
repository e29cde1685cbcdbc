// One user of a TURN server with time-limited credentials: learns from the challenge what to sign with, and
// signs.
#pragma once

#include <ctime>
#include <string>
#include <string_view>

#include "turn/credentials.hpp"
#include "wire/stun.hpp"

namespace porthole::bench {

constexpr std::int64_t kCredentialsLastSeconds = 12 * 3600;
// RFC 8656 section 18.8: UDP.
constexpr std::uint32_t kRequestedTransportUdp = 17U << 24;

class TurnUser {
 public:
  TurnUser(std::string_view secret, std::string_view name)
      : credentials_(turn::mint(secret, name, std::time(nullptr) + kCredentialsLastSeconds)) {}

  // From a 401.
  void learn(const stun::Message& challenge) {
    if (realm_.empty()) {
      realm_ = challenge.text(stun::Attribute::realm).value_or("");
      key_ = turn::long_term_key(credentials_.username, realm_, credentials_.password);
    }
    nonce_ = challenge.text(stun::Attribute::nonce).value_or("");
  }

  // The last attributes of a request.
  void sign(stun::MessageBuilder& builder) const {
    builder.add_text(stun::Attribute::username, credentials_.username);
    builder.add_text(stun::Attribute::realm, realm_);
    builder.add_text(stun::Attribute::nonce, nonce_);
    builder.add_integrity(key_);
  }

 private:
  turn::Credentials credentials_;
  turn::Key key_;
  std::string realm_, nonce_;
};

}  // namespace porthole::bench
