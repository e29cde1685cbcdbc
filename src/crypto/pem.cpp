#include "crypto/pem.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "crypto/openssl.hpp"

namespace porthole::crypto {
namespace {

using namespace std::string_literals;

using BioHandle = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioHandle reader_of(Bytes pem) {
  return {BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free};
}

// Whether the text simply has no more of what was looked for.
bool at_end() {
  const unsigned long error = ERR_peek_last_error();
  return ERR_GET_LIB(error) == ERR_LIB_PEM && ERR_GET_REASON(error) == PEM_R_NO_START_LINE;
}

// There is nobody to ask: a server starts alone. Only notes that it would have been necessary.
int refuse_password(char*, int, int, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

}  // namespace

Result<std::vector<std::shared_ptr<X509>>, std::string> read_certificates(Bytes pem) {
  if (pem.size() > kMaxPemSize) return fail("the certificate file is too large to be one"s);
  const ErrorQueueScope errors;
  const BioHandle reader = reader_of(pem);
  std::vector<std::shared_ptr<X509>> chain;
  while (X509* const x509 = reader ? PEM_read_bio_X509(reader.get(), nullptr, nullptr, nullptr) : nullptr) {
    chain.emplace_back(x509, X509_free);
    if (chain.size() > kMaxCertificateChain) return fail("the certificate file holds more than a chain"s);
  }
  if (!at_end()) return fail("the certificate file is damaged: "s + ErrorQueueScope::reason());
  if (chain.empty()) {
    return fail("the certificate file holds no certificate: it must begin with -----BEGIN CERTIFICATE-----"s);
  }
  return chain;
}

Result<std::shared_ptr<EVP_PKEY>, std::string> read_private_key(Bytes pem) {
  if (pem.size() > kMaxPemSize) return fail("the key file is too large to be one"s);
  const ErrorQueueScope errors;
  const BioHandle reader = reader_of(pem);
  bool is_encrypted = false;
  std::shared_ptr<EVP_PKEY> key(
      reader ? PEM_read_bio_PrivateKey(reader.get(), nullptr, refuse_password, &is_encrypted) : nullptr,
      EVP_PKEY_free);
  if (key) return key;
  if (is_encrypted) {
    return fail(
        "the key is encrypted with a password: decrypt it first, with openssl pkey -in KEY -out PLAIN"s);
  }
  // What was wrong is not to be had: OpenSSL tries one decoder after the other.
  if (as_text(pem).find("PRIVATE KEY-----") != std::string_view::npos) {
    return fail("the key file is damaged, or holds a kind of key that is not supported"s);
  }
  return fail("the key file holds no private key: it must begin with -----BEGIN PRIVATE KEY-----"s);
}

}  // namespace porthole::crypto
