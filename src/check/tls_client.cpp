#include "check/tls_client.hpp"

#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>
#include <ctime>
#include <utility>

#include "base/address.hpp"
#include "check/printable.hpp"

namespace porthole::check {
namespace {

// RFC 8446 section 5.2: a record, with its header.
constexpr std::size_t kReadSize = 5 + 16'384 + 256;

// A certificate for more hosts than this is not read to its end.
constexpr int kMaxNames = 20;

std::string date_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &parts) != 1) return "an unknown day";
  std::array<char, 32> text{};
  return {text.data(), std::strftime(text.data(), text.size(), "%Y-%m-%d", &parts)};
}

std::string text_of(const ASN1_STRING* text) {
  return printable(
      as_text({ASN1_STRING_get0_data(text), static_cast<std::size_t>(ASN1_STRING_length(text))}));
}

std::string text_of(const X509_NAME* name) {
  BIO* const memory = BIO_new(BIO_s_mem());
  if (memory == nullptr) return {};
  X509_NAME_print_ex(memory, name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(memory, &data);
  std::string text = printable({data, static_cast<std::size_t>(size)});
  BIO_free(memory);
  return text.empty() ? "nobody" : text;
}

std::string address_of(const ASN1_OCTET_STRING* bytes) {
  const unsigned char* const data = ASN1_STRING_get0_data(bytes);
  const int size = ASN1_STRING_length(bytes);
  if (size == 4) return IpAddress::v4(std::span<const std::uint8_t, 4>(data, 4)).to_string();
  if (size == 16) return IpAddress::v6(std::span<const std::uint8_t, 16>(data, 16)).to_string();
  return {};
}

std::string names_of(const X509* x509) {
  auto* const names =
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(x509, NID_subject_alt_name, nullptr, nullptr));
  std::string text;
  for (int i = 0; i < std::min(sk_GENERAL_NAME_num(names), kMaxNames); ++i) {
    const GENERAL_NAME* const name = sk_GENERAL_NAME_value(names, i);
    std::string one;
    if (name->type == GEN_DNS) one = text_of(name->d.dNSName);
    if (name->type == GEN_IPADD) one = address_of(name->d.iPAddress);
    if (!one.empty()) text += (text.empty() ? "" : ", ") + one;
  }
  GENERAL_NAMES_free(names);
  return text;
}

std::string problem_of(long verified, const CheckedCertificate& shown, const std::string& host) {
  switch (verified) {
    case X509_V_OK:
      return {};
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "It expired on " + shown.not_after + ".";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "It is not valid before " + shown.not_before + ": is this machine's clock right?";
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
      return "It is signed by itself, as a Porthole without --tls-cert does, and some proxies.";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return "It is for " + (shown.names.empty() ? "nobody" : shown.names) + ", not for " + host + ".";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return "It comes from " + shown.issuer +
             ", whom this machine does not know: a proxy that opens TLS, or a server that does not show its "
             "chain.";
    default:
      return std::string("It does not hold: ") + X509_verify_cert_error_string(verified) + ".";
  }
}

void expect_host(SSL* ssl, const std::string& host) {
  if (IpAddress::parse(host)) {
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str());
    return;
  }
  SSL_set1_host(ssl, host.c_str());
  // The macro SSL_set_tlsext_host_name, without its old-style cast. OpenSSL copies the name.
  SSL_ctrl(ssl, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str()));
}

}  // namespace

TlsClient::TlsClient(int fd, const std::string& host) : fd_(fd), host_(host) {
  const crypto::ErrorQueueScope errors;
  context_.reset(SSL_CTX_new(TLS_client_method()));
  if (!context_) return;
  SSL_CTX_set_default_verify_paths(context_.get());
  // Verified all the same; the result is asked for and does not end the handshake.
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_NONE, nullptr);
  SSL_CTX_set_min_proto_version(context_.get(), TLS1_2_VERSION);
  ssl_.reset(SSL_new(context_.get()));
  BIO* const bio = ssl_ ? crypto::make_stream_bio(pipes_) : nullptr;
  if (bio == nullptr) {
    ssl_.reset();
    return;
  }
  SSL_set_bio(ssl_.get(), bio, bio);
  SSL_set_connect_state(ssl_.get());
  expect_host(ssl_.get(), host_);
  pipes_.outgoing = &outgoing_;
}

Result<bool, Fault> TlsClient::serve(int result, const Deadline& deadline) {
  const int wanted = SSL_get_error(ssl_.get(), result);
  const std::vector<std::uint8_t> ready = std::exchange(outgoing_, {});
  if (auto sent = check::write_all(fd_, ready, deadline); !sent) return fail(sent.error());
  if (wanted != SSL_ERROR_WANT_READ) return false;
  received_.resize(kReadSize);
  const auto count = check::read_some(fd_, received_, deadline);
  if (!count) return fail(count.error());
  if (*count == 0) return fail(Fault{Reason::closed, {}});
  pipes_.incoming = Bytes(received_).first(*count);
  return true;
}

Result<void, Fault> TlsClient::handshake(const Deadline& deadline) {
  if (!ssl_) return fail(Fault{Reason::local, "OpenSSL has no memory."});
  while (true) {
    const crypto::ErrorQueueScope errors;
    const int result = SSL_do_handshake(ssl_.get());
    const std::string why = result == 1 ? "" : crypto::ErrorQueueScope::reason();
    const auto again = serve(result, deadline);
    if (!again) return fail(again.error());
    if (result == 1) return {};
    if (!*again) return fail(Fault{Reason::no_tls, "OpenSSL says: " + printable(why) + "."});
  }
}

Result<std::size_t, Fault> TlsClient::read_some(MutableBytes buffer, const Deadline& deadline) {
  while (!deadline.passed()) {
    const crypto::ErrorQueueScope errors;
    std::size_t count = 0;
    const int result = SSL_read_ex(ssl_.get(), buffer.data(), buffer.size(), &count);
    if (result == 1) return count;
    if (SSL_get_error(ssl_.get(), result) == SSL_ERROR_ZERO_RETURN) return std::size_t{0};
    const auto again = serve(result, deadline);
    if (!again && again.error().reason == Reason::closed) return std::size_t{0};
    if (!again) return fail(again.error());
    if (!*again) return fail(Fault{Reason::reset, "The TLS connection broke."});
  }
  return fail(Fault{Reason::timeout, {}});
}

Result<void, Fault> TlsClient::write_all(Bytes bytes, const Deadline& deadline) {
  while (!deadline.passed()) {
    const crypto::ErrorQueueScope errors;
    std::size_t count = 0;
    const int result = SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &count);
    const auto again = serve(result, deadline);
    if (!again) return fail(again.error());
    if (result == 1) return {};
    if (!*again) return fail(Fault{Reason::reset, "The TLS connection broke."});
  }
  return fail(Fault{Reason::timeout, {}});
}

CheckedCertificate TlsClient::certificate() const {
  const X509* const x509 = SSL_get0_peer_certificate(ssl_.get());
  CheckedCertificate shown;
  if (x509 == nullptr) return shown;
  shown.issuer = text_of(X509_get_issuer_name(x509));
  shown.names = names_of(x509);
  shown.not_before = date_of(X509_get0_notBefore(x509));
  shown.not_after = date_of(X509_get0_notAfter(x509));
  const long verified = SSL_get_verify_result(ssl_.get());
  shown.is_valid = verified == X509_V_OK;
  shown.problem = problem_of(verified, shown, host_);
  return shown;
}

}  // namespace porthole::check
