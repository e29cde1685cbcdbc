// Certificates that somebody else signed, as text: what a certificate authority would hand out.
#pragma once

#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>

#include <memory>
#include <string>

namespace porthole::crypto::test {

struct Issued {
  std::shared_ptr<X509> x509;
  std::shared_ptr<EVP_PKEY> key;
};

inline std::shared_ptr<EVP_PKEY> rsa_key(unsigned int bits) {
  return {EVP_RSA_gen(bits), EVP_PKEY_free};
}

// Signed by `issuer`, or by itself; valid for two days around `at` (seconds since 1970).
inline Issued issue(const std::string& name, const Issued* issuer, std::shared_ptr<EVP_PKEY> key = nullptr,
                    time_t at = 1'700'000'000) {
  Issued made{{X509_new(), X509_free}, std::move(key)};
  if (!made.key) made.key.reset(EVP_EC_gen("P-256"), EVP_PKEY_free);
  X509* const x509 = made.x509.get();
  X509_set_version(x509, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x509), 7);
  ASN1_TIME_set(X509_getm_notBefore(x509), at - 86'400);
  ASN1_TIME_set(X509_getm_notAfter(x509), at + 86'400);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
  X509_set_issuer_name(x509, X509_get_subject_name(issuer == nullptr ? x509 : issuer->x509.get()));
  X509_set_pubkey(x509, made.key.get());
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> may_sign(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_basic_constraints, name == "leaf" ? "CA:FALSE" : "CA:TRUE"),
      X509_EXTENSION_free);
  X509_add_ext(x509, may_sign.get(), -1);
  X509_sign(x509, (issuer == nullptr ? made : *issuer).key.get(), EVP_sha256());
  return made;
}

inline std::string text_of(BIO* memory) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(memory);
  return text;
}

inline std::string pem_of(const X509* x509) {
  BIO* const memory = BIO_new(BIO_s_mem());
  PEM_write_bio_X509(memory, x509);
  return text_of(memory);
}

inline std::string pem_of(EVP_PKEY* key, const char* password = nullptr) {
  BIO* const memory = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(memory, key, password == nullptr ? nullptr : EVP_aes_128_cbc(), password,
                                password == nullptr ? 0 : static_cast<int>(std::string(password).size()),
                                nullptr, nullptr);
  return text_of(memory);
}

}  // namespace porthole::crypto::test
