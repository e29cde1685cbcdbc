#include "turn/request.hpp"

namespace porthole::turn {
namespace {

using stun::Attribute;

constexpr std::array kKnown{
    Attribute::username,
    Attribute::message_integrity,
    Attribute::channel_number,
    Attribute::lifetime,
    Attribute::xor_peer_address,
    Attribute::data,
    Attribute::realm,
    Attribute::nonce,
    Attribute::even_port,
    Attribute::requested_address_family,
    Attribute::reservation_token,
    Attribute::requested_transport,
    Attribute::dont_fragment,
    Attribute::message_integrity_sha256,
    Attribute::password_algorithm,
    Attribute::userhash,
};

stun::MessageBuilder answer(const Request& request, stun::Class message_class) {
  return {request.out, message_class, request.message.method(), request.message.transaction()};
}

}  // namespace

const std::span<const Attribute> kKnownAttributes = kKnown;

stun::MessageBuilder succeed(const Request& request) {
  return answer(request, stun::Class::success);
}

Bytes finish(const Request& request, stun::MessageBuilder& builder) {
  if (!request.software.empty()) builder.add_text(Attribute::software, request.software);
  if (request.identity.sha256) {
    builder.add_integrity_sha256(request.identity.key);
  } else {
    builder.add_integrity(request.identity.key);
  }
  return finish_unsigned(request.message, builder);
}

Bytes refuse(const Request& request, stun::ErrorCode code) {
  stun::MessageBuilder builder = answer(request, stun::Class::error);
  builder.add_error(code);
  return finish(request, builder);
}

Bytes refuse_unknown(const Request& request, std::span<const std::uint16_t> unknown) {
  stun::MessageBuilder builder = answer(request, stun::Class::error);
  builder.add_error(stun::ErrorCode::unknown_attribute);
  builder.add_unknown_attributes(unknown);
  return finish(request, builder);
}

Bytes finish_unsigned(const stun::Message& request, stun::MessageBuilder& builder) {
  if (request.has_fingerprint()) builder.add_fingerprint();
  return builder.finish();
}

}  // namespace porthole::turn
