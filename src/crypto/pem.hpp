// Certificates and private keys as files hold them (PEM, RFC 7468): for certificate.cpp only.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/bytes.hpp"
#include "base/result.hpp"
#include "crypto/certificate.hpp"

namespace porthole::crypto {

// Every certificate of the text, in its order; other things between them are skipped. Never empty.
Result<std::vector<std::shared_ptr<X509>>, std::string> read_certificates(Bytes pem);

// The first private key of the text.
Result<std::shared_ptr<EVP_PKEY>, std::string> read_private_key(Bytes pem);

}  // namespace porthole::crypto
