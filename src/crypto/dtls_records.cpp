#include "crypto/dtls_records.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/ssl.h>

#include <algorithm>

namespace porthole::crypto {
namespace {

// RFC 6347 section 4.1: type, version, epoch, number, length.
constexpr std::size_t kRecordHeader = 13;
constexpr std::size_t kNumberAt = 3;  // With the epoch before it, as it is authenticated.
constexpr std::size_t kLengthAt = 11;
constexpr std::uint16_t kVersion = 0xFEFD;
constexpr std::size_t kTag = 16;

// Without renegotiation there is no other after the handshake.
constexpr std::uint64_t kEpoch = std::uint64_t{1} << 48;

// OpenSSL has used a number for its Finished each time that it sent it, a dozen times at most, and its nonces
// begin at random where ours are the numbers.
constexpr std::uint64_t kFirstNumber = 256;

constexpr std::size_t kRandom = 32;     // RFC 5246 section 7.4.1.2.
constexpr std::size_t kMaxSecret = 48;  // RFC 5246 section 8.1.
constexpr std::size_t kImplicitIv = 4;  // RFC 5288 section 3.

// RFC 5246 sections 7.2 and 7.4: an alert's level and what it says; a handshake message's first byte.
constexpr std::array<std::uint8_t, 2> kCloseNotify{1, 0};
constexpr std::uint8_t kFatal = 2;
constexpr std::uint8_t kFinished = 20;

struct CipherName {
  int nid;
  const EVP_CIPHER* (*cipher)();
};
constexpr std::array<CipherName, 3> kCiphers{{{NID_aes_128_gcm, EVP_aes_128_gcm},
                                              {NID_aes_256_gcm, EVP_aes_256_gcm},
                                              {NID_chacha20_poly1305, EVP_chacha20_poly1305}}};

const EVP_CIPHER* cipher_of(const SSL_CIPHER* suite) {
  const int nid = suite == nullptr ? NID_undef : SSL_CIPHER_get_cipher_nid(suite);
  const auto found = std::ranges::find(kCiphers, nid, &CipherName::nid);
  return found == kCiphers.end() ? nullptr : found->cipher();
}

struct KdfRelease {
  void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
  void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
};

// RFC 5246 section 6.3: key_block = PRF(master_secret, "key expansion", server_random + client_random).
bool expand_keys(const SSL* ssl, MutableBytes block) {
  constexpr std::string_view kLabel = "key expansion";
  std::array<std::uint8_t, kMaxSecret> secret{};
  std::array<std::uint8_t, kLabel.size() + 2 * kRandom> seed{};
  std::ranges::copy(kLabel, seed.begin());
  const std::size_t secret_size =
      SSL_SESSION_get_master_key(SSL_get_session(ssl), secret.data(), secret.size());
  SSL_get_server_random(ssl, seed.data() + kLabel.size(), kRandom);
  SSL_get_client_random(ssl, seed.data() + kLabel.size() + kRandom, kRandom);

  const EVP_MD* const hash = SSL_CIPHER_get_handshake_digest(SSL_get_current_cipher(ssl));
  const std::unique_ptr<EVP_KDF, KdfRelease> kdf(EVP_KDF_fetch(nullptr, OSSL_KDF_NAME_TLS1_PRF, nullptr));
  const std::unique_ptr<EVP_KDF_CTX, KdfRelease> context(kdf ? EVP_KDF_CTX_new(kdf.get()) : nullptr);
  std::string hash_name = hash == nullptr ? "" : EVP_MD_get0_name(hash);
  const std::array<OSSL_PARAM, 4> parameters{
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, hash_name.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SECRET, secret.data(), secret_size),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_SEED, seed.data(), seed.size()),
      OSSL_PARAM_construct_end()};
  const bool derived = context && secret_size > 0 &&
                       EVP_KDF_derive(context.get(), block.data(), block.size(), parameters.data()) == 1;
  OPENSSL_cleanse(secret.data(), secret.size());
  return derived;
}

// RFC 5246 section 6.2.3.3: number, type, version, and the length of the plaintext.
std::array<std::uint8_t, kRecordHeader> authenticated(Bytes record, std::size_t length) {
  std::array<std::uint8_t, kRecordHeader> data{};
  std::copy_n(&record[kNumberAt], 8, data.begin());
  std::copy_n(record.begin(), 3, data.begin() + 8);
  store_u16(&data[kLengthAt], static_cast<std::uint16_t>(length));
  return data;
}

}  // namespace

void DtlsRecords::ContextRelease::operator()(EVP_CIPHER_CTX* context) const {
  EVP_CIPHER_CTX_free(context);
}

DtlsRecords::Direction::~Direction() {
  OPENSSL_cleanse(key.data(), key.size());
  OPENSSL_cleanse(iv.data(), iv.size());
}

EVP_CIPHER_CTX* DtlsRecords::Direction::context(const EVP_CIPHER* cipher, bool encrypts) {
  if (!context_) {
    context_.reset(EVP_CIPHER_CTX_new());
    const bool keyed = context_ && EVP_CipherInit_ex(context_.get(), cipher, nullptr, key.data(), nullptr,
                                                     encrypts ? 1 : 0) == 1;
    if (!keyed) context_.reset();
  }
  return context_.get();
}

DtlsRecords::DtlsRecords(const EVP_CIPHER* cipher, bool has_explicit_nonce)
    : cipher_(cipher), has_explicit_nonce_(has_explicit_nonce), next_number_(kFirstNumber) {}

std::unique_ptr<DtlsRecords> DtlsRecords::take_over(const SSL* ssl) {
  const EVP_CIPHER* const cipher = cipher_of(SSL_get_current_cipher(ssl));
  if (cipher == nullptr) return nullptr;
  const bool is_gcm = EVP_CIPHER_get_mode(cipher) == EVP_CIPH_GCM_MODE;
  std::unique_ptr<DtlsRecords> records(new DtlsRecords(cipher, is_gcm));
  return records->derive_keys(ssl) ? std::move(records) : nullptr;
}

bool DtlsRecords::derive_keys(const SSL* ssl) {
  const auto key_size = static_cast<std::size_t>(EVP_CIPHER_get_key_length(cipher_));
  const std::size_t iv_size = has_explicit_nonce_ ? kImplicitIv : local_.iv.size();
  std::array<std::uint8_t, 2 * (sizeof(Direction::key) + sizeof(Direction::iv))> block{};
  if (!expand_keys(ssl, MutableBytes(block).first(2 * (key_size + iv_size)))) return false;
  Direction& client = SSL_is_server(ssl) == 1 ? remote_ : local_;
  Direction& server = SSL_is_server(ssl) == 1 ? local_ : remote_;
  ByteReader reader(block);
  std::ranges::copy(reader.take(key_size), client.key.begin());
  std::ranges::copy(reader.take(key_size), server.key.begin());
  std::ranges::copy(reader.take(iv_size), client.iv.begin());
  std::ranges::copy(reader.take(iv_size), server.iv.begin());
  OPENSSL_cleanse(block.data(), block.size());
  return true;
}

// RFC 5288 section 3: the IV, then what the record carries. RFC 7905 section 2: the IV, XOR the record's
// number.
DtlsRecords::Nonce DtlsRecords::nonce(const Direction& direction, Bytes record) const {
  Nonce nonce = direction.iv;
  for (std::size_t i = 0; i < 8; ++i) {
    nonce[kImplicitIv + i] ^= record[has_explicit_nonce_ ? kRecordHeader + i : kNumberAt + i];
  }
  return nonce;
}

std::optional<DtlsRecords::Record> DtlsRecords::open(Bytes record, MutableBytes out) {
  const std::size_t front = kRecordHeader + nonce_size();
  if (record.size() < front + kTag || load_u16(&record[1]) != kVersion) return std::nullopt;
  const std::uint64_t number = ByteReader(record.subspan(kNumberAt)).u64();
  const std::size_t size = record.size() - front - kTag;
  if (number >> 48 != kEpoch >> 48 || !read_.is_new(number - kEpoch) || size > out.size())
    return std::nullopt;
  EVP_CIPHER_CTX* const context = remote_.context(cipher_, false);
  if (context == nullptr) return std::nullopt;

  const Nonce nonce_used = nonce(remote_, record);
  const auto clear = authenticated(record, size);
  std::array<std::uint8_t, kTag> tag{};
  std::ranges::copy(record.last(kTag), tag.begin());
  int written = 0;
  const bool authentic =
      EVP_DecryptInit_ex(context, nullptr, nullptr, nullptr, nonce_used.data()) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()) == 1 &&
      EVP_DecryptUpdate(context, nullptr, &written, clear.data(), static_cast<int>(clear.size())) == 1 &&
      EVP_DecryptUpdate(context, out.data(), &written, &record[front], static_cast<int>(size)) == 1 &&
      EVP_DecryptFinal_ex(context, out.data() + size, &written) == 1;
  if (!authentic) return std::nullopt;
  read_.add(number - kEpoch);
  return Record{static_cast<DtlsContent>(record[0]), Bytes(out).first(size)};
}

DtlsRecords::Meaning DtlsRecords::meaning_of(const Record& record) {
  const Bytes content = record.content;
  switch (record.type) {
    case DtlsContent::data:
      return Meaning::data;
    case DtlsContent::handshake:
      return !content.empty() && content[0] == kFinished ? Meaning::finished : Meaning::nothing;
    case DtlsContent::alert:
      if (content.size() != kCloseNotify.size()) return Meaning::nothing;
      if (content[1] == kCloseNotify[1]) return Meaning::close_notify;
      return content[0] == kFatal ? Meaning::fatal_alert : Meaning::nothing;
    case DtlsContent::change_cipher_spec:
      break;
  }
  return Meaning::nothing;
}

std::size_t DtlsRecords::seal_close_notify(MutableBytes out) {
  return seal(DtlsContent::alert, kCloseNotify, out);
}

std::size_t DtlsRecords::seal(DtlsContent type, Bytes content, MutableBytes out) {
  const std::size_t front = kRecordHeader + nonce_size();
  const std::size_t total = front + content.size() + kTag;
  EVP_CIPHER_CTX* const context = total > out.size() ? nullptr : local_.context(cipher_, true);
  if (context == nullptr) return 0;
  const std::uint64_t number = kEpoch + next_number_++;
  ByteWriter header(out);
  header.u8(static_cast<std::uint8_t>(type));
  header.u16(kVersion);
  header.u64(number);
  header.u16(static_cast<std::uint16_t>(total - kRecordHeader));
  if (has_explicit_nonce_) header.u64(number);

  const Nonce nonce_used = nonce(local_, out);
  const auto clear = authenticated(out, content.size());
  int written = 0;
  const bool sealed =
      EVP_EncryptInit_ex(context, nullptr, nullptr, nullptr, nonce_used.data()) == 1 &&
      EVP_EncryptUpdate(context, nullptr, &written, clear.data(), static_cast<int>(clear.size())) == 1 &&
      EVP_EncryptUpdate(context, &out[front], &written, content.data(), static_cast<int>(content.size())) ==
          1 &&
      EVP_EncryptFinal_ex(context, &out[total - kTag], &written) == 1 &&
      EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTag, &out[total - kTag]) == 1;
  return sealed ? total : 0;
}

}  // namespace porthole::crypto
