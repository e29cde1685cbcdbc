#include "crypto/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <memory>

namespace porthole::crypto {
namespace {

template <auto release>
struct Releaser {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using MacContext = std::unique_ptr<EVP_MAC_CTX, Releaser<EVP_MAC_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, Releaser<EVP_MD_CTX_free>>;

// A hash that silently yields zeros would let anybody in; without memory or the default provider there is
// nothing sensible left to do.
void require(bool success) {
  if (!success) std::abort();
}

// A context that knows its hash and no key. Fetching by name costs more than the hash itself, so it happens
// once and is copied for each message. It lives to the end of the process: destroying it would race with
// OpenSSL's own cleanup.
EVP_MAC_CTX* make_hmac_prototype(const char* digest_name) {
  EVP_MAC* const mac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  require(mac != nullptr);
  EVP_MAC_CTX* const context = EVP_MAC_CTX_new(mac);
  EVP_MAC_free(mac);  // The context holds its own reference.
  std::string name = digest_name;
  const std::array<OSSL_PARAM, 2> parameters = {
      OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, name.data(), 0), OSSL_PARAM_construct_end()};
  require(context != nullptr && EVP_MAC_CTX_set_params(context, parameters.data()) == 1);
  return context;
}

template <class Digest>
Digest hmac(const EVP_MAC_CTX* prototype, Bytes key, std::initializer_list<Bytes> pieces) {
  // OpenSSL takes a null key to mean "the key of last time", so that an empty one needs an address too.
  static constexpr std::uint8_t kNoKey = 0;
  const MacContext context(EVP_MAC_CTX_dup(prototype));
  require(context != nullptr);
  require(EVP_MAC_init(context.get(), key.empty() ? &kNoKey : key.data(), key.size(), nullptr) == 1);
  for (const Bytes piece : pieces) require(EVP_MAC_update(context.get(), piece.data(), piece.size()) == 1);
  Digest digest;
  std::size_t size = 0;
  require(EVP_MAC_final(context.get(), digest.data(), &size, digest.size()) == 1 && size == digest.size());
  return digest;
}

template <class Digest>
Digest hash(const EVP_MD* algorithm, std::initializer_list<Bytes> pieces) {
  const DigestContext context(EVP_MD_CTX_new());
  require(context != nullptr && EVP_DigestInit_ex2(context.get(), algorithm, nullptr) == 1);
  for (const Bytes piece : pieces) require(EVP_DigestUpdate(context.get(), piece.data(), piece.size()) == 1);
  Digest digest;
  unsigned int size = 0;
  require(EVP_DigestFinal_ex(context.get(), digest.data(), &size) == 1 && size == digest.size());
  return digest;
}

}  // namespace

Sha1Digest hmac_sha1(Bytes key, std::initializer_list<Bytes> pieces) {
  static const EVP_MAC_CTX* const prototype = make_hmac_prototype("SHA1");
  return hmac<Sha1Digest>(prototype, key, pieces);
}

Sha256Digest hmac_sha256(Bytes key, std::initializer_list<Bytes> pieces) {
  static const EVP_MAC_CTX* const prototype = make_hmac_prototype("SHA256");
  return hmac<Sha256Digest>(prototype, key, pieces);
}

Md5Digest md5(std::initializer_list<Bytes> pieces) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "MD5", nullptr);
  return hash<Md5Digest>(algorithm, pieces);
}

Sha1Digest sha1(std::initializer_list<Bytes> pieces) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA1", nullptr);
  return hash<Sha1Digest>(algorithm, pieces);
}

Sha256Digest sha256(std::initializer_list<Bytes> pieces) {
  static EVP_MD* const algorithm = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  return hash<Sha256Digest>(algorithm, pieces);
}

bool constant_time_equal(Bytes a, Bytes b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace porthole::crypto
