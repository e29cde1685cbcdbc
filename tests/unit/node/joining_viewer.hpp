// A browser that joins by direct UDP with real DTLS, and goes no further than the server's last flight.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "crypto/dtls.hpp"
#include "node/node.hpp"
#include "support/offers.hpp"
#include "support/seeded_random.hpp"
#include "wire/stun.hpp"

namespace porthole::node::test {

// The rest of the line behind `key`.
inline std::string value_of(const std::string& sdp, const std::string& key) {
  const std::size_t at = sdp.find(key);
  if (at == std::string::npos) return {};
  return sdp.substr(at + key.size(), sdp.find("\r\n", at) - at - key.size());
}

class JoiningViewer {
 public:
  // `factory` makes the viewer's end.
  JoiningViewer(Node& node, crypto::DtlsFactory& factory, const std::string& remote, Instant now)
      : node_(node), factory_(factory), now_(now) {
    path_ = {Transport::udp, *SocketAddress::parse("203.0.113.1:8443"), *SocketAddress::parse(remote),
             ConnectionId::none};
  }

  // True when both ends have keys. Afterwards nothing is left of the viewer's end.
  bool join(TransmitBatch& batch) {
    const std::string answer = post();
    const auto dtls = factory_.make({crypto::DtlsRole::client, value_of(answer, "a=fingerprint:")});
    if (!dtls) return false;
    check(answer);
    deliver(batch, *dtls);
    dtls->start(now_);
    std::array<std::uint8_t, crypto::kMaxDtlsDatagram> packet;
    while (const std::size_t size = dtls->poll_transmit(packet)) {
      node_.handle_datagram({path_, Bytes(packet).first(size)}, now_);
      deliver(batch, *dtls);
    }
    return dtls->state() == crypto::DtlsSession::State::connected;
  }

 private:
  std::string post() {
    HttpRequest request{"POST", "/whep/cam", {}, {}, {}, path_};
    request.headers = {{"Host", "cam.example:8443"}, {"Content-Type", "application/sdp"}};
    request.body = porthole::test::load_offer("chromium-156-video");
    const std::string theirs = value_of(request.body, "a=fingerprint:");
    request.body.replace(request.body.find(theirs), theirs.size(), "sha-256 " + factory_.fingerprint());
    ufrag_ = value_of(request.body, "a=ice-ufrag:");
    return node_.handle_http(request, now_)->body;
  }

  void check(const std::string& answer) {
    std::array<std::uint8_t, 300> message;
    stun::MessageBuilder builder(message, stun::Class::request, stun::Method::binding, {1});
    builder.add_text(stun::Attribute::username, value_of(answer, "a=ice-ufrag:") + ":" + ufrag_);
    builder.add_u64(stun::Attribute::ice_controlling, 1);
    builder.add_flag(stun::Attribute::use_candidate);
    builder.add_u32(stun::Attribute::priority, 1);
    builder.add_integrity(as_bytes(value_of(answer, "a=ice-pwd:")));
    builder.add_fingerprint();
    node_.handle_datagram({path_, builder.finish()}, now_);
  }

  void deliver(TransmitBatch& batch, crypto::DtlsSession& dtls) {
    while (node_.poll_transmit(batch, now_)) {
      for (Bytes rest = batch.bytes(); batch.to == path_ && !rest.empty();) {
        const Bytes segment = rest.first(std::min(rest.size(), batch.segment_size));
        rest = rest.subspan(segment.size());
        dtls.handle_datagram(segment, now_);
      }
    }
  }

  Node& node_;                    // Borrowed.
  crypto::DtlsFactory& factory_;  // Borrowed.
  Instant now_;
  FiveTuple path_;
  std::string ufrag_;
};

}  // namespace porthole::node::test
