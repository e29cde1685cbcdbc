#include "crypto/evp_cipher.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>

namespace porthole::crypto {
namespace {

// Fetching by name takes longer than a packet, so it happens once. The result lives to the end of the
// process: freeing it would race with OpenSSL's own cleanup. Without the default provider there is nothing to
// be done.
const EVP_CIPHER* fetch(const char* name) {
  const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, name, nullptr);
  if (cipher == nullptr) std::abort();
  return cipher;
}

std::array<OSSL_PARAM, 2> tag_parameter(std::uint8_t* tag) {
  return {OSSL_PARAM_construct_octet_string(OSSL_CIPHER_PARAM_AEAD_TAG, tag, EvpCipher::kTagSize),
          OSSL_PARAM_construct_end()};
}

}  // namespace

void EvpCipher::Release::operator()(EVP_CIPHER_CTX* context) const {
  EVP_CIPHER_CTX_free(context);
}

EvpCipher EvpCipher::counter_mode() {
  static const EVP_CIPHER* const cipher = fetch("AES-128-CTR");
  return {cipher, Direction::encrypt};
}

EvpCipher EvpCipher::gcm(Direction direction) {
  static const EVP_CIPHER* const cipher = fetch("AES-128-GCM");
  return {cipher, direction};
}

EvpCipher::EvpCipher(const EVP_CIPHER* cipher, Direction direction) : context_(EVP_CIPHER_CTX_new()) {
  const int encrypt = direction == Direction::encrypt ? 1 : 0;
  // Fails only without memory.
  if (EVP_CipherInit_ex2(context_.get(), cipher, nullptr, nullptr, encrypt, nullptr) != 1) std::abort();
}

bool EvpCipher::start(const Key* key, const std::uint8_t* iv) {
  constexpr int kSameDirection = -1;
  return EVP_CipherInit_ex2(context_.get(), nullptr, key == nullptr ? nullptr : key->data(), iv,
                            kSameDirection, nullptr) == 1;
}

bool EvpCipher::authenticate(Bytes clear) {
  int size = 0;
  return EVP_CipherUpdate(context_.get(), nullptr, &size, clear.data(), static_cast<int>(clear.size())) == 1;
}

bool EvpCipher::run(Bytes in, std::uint8_t* out) {
  if (in.empty()) return true;
  int size = 0;
  return EVP_CipherUpdate(context_.get(), out, &size, in.data(), static_cast<int>(in.size())) == 1;
}

bool EvpCipher::seal(std::uint8_t* tag) {
  int size = 0;
  auto parameter = tag_parameter(tag);
  return EVP_CipherFinal_ex(context_.get(), tag, &size) == 1 &&
         EVP_CIPHER_CTX_get_params(context_.get(), parameter.data()) == 1;
}

bool EvpCipher::open(std::uint8_t* tag) {
  int size = 0;
  const auto parameter = tag_parameter(tag);
  return EVP_CIPHER_CTX_set_params(context_.get(), parameter.data()) == 1 &&
         EVP_CipherFinal_ex(context_.get(), tag, &size) == 1;
}

}  // namespace porthole::crypto
