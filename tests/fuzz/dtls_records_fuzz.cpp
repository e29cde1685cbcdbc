// The records of a DTLS association after its handshake, late, twice, damaged or made up: each is opened
// once, as it was, and nothing else is.
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <memory>
#include <set>
#include <vector>

#include "crypto/certificate.hpp"
#include "crypto/dtls.hpp"
#include "crypto/dtls_context.hpp"
#include "crypto/dtls_gate.hpp"
#include "crypto/dtls_records.hpp"
#include "fuzz/require.hpp"

namespace porthole::fuzz {
namespace {

using crypto::DtlsContent;
using crypto::DtlsRecords;
using Meaning = DtlsRecords::Meaning;
using Packet = std::vector<std::uint8_t>;

constexpr std::array kCiphers = {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384",
                                 "ECDHE-ECDSA-CHACHA20-POLY1305"};
constexpr std::size_t kMaxSteps = 256;
constexpr std::size_t kWindow = 64;

// How a record is treated, bit by bit.
constexpr std::uint8_t kFromServer = 0x01;
constexpr std::uint8_t kRaw = 0x02;        // It arrives as it is, without being sealed.
constexpr std::uint8_t kDamaged = 0x04;    // A damaged copy arrives first.
constexpr std::uint8_t kLate = 0x08;       // It does not arrive now,
constexpr std::uint8_t kAgain = 0x10;      // but with this: any that was sealed so far.
constexpr std::uint8_t kReflected = 0x20;  // It comes back to who sealed it first.
constexpr std::uint8_t kTight = 0x40;      // The first time there is no room for what it says.

// Both ends of a handshake between two of OpenSSL's own, whose records ours go on with.
class Handshake {
 public:
  explicit Handshake(const char* cipher) {
    const crypto::SslContextHandle context(SSL_CTX_new(DTLS_method()));
    const auto certificate = crypto::Certificate::self_signed(WallTime(std::chrono::seconds(1'800'000'000)));
    require(certificate && crypto::configure_dtls(context.get(), *certificate) &&
                SSL_CTX_set_cipher_list(context.get(), cipher) == 1,
            "OpenSSL has the cipher");
    for (End* end : {&client_, &server_}) {
      end->ssl.reset(SSL_new(context.get()));
      require(crypto::attach_datagrams(end->ssl.get(), end->queues), "OpenSSL has memory");
    }
    SSL_set_connect_state(client_.ssl.get());
    SSL_set_accept_state(server_.ssl.get());
    for (int flight = 0; flight < 4; ++flight) {
      carry(client_, server_);
      carry(server_, client_);
    }
  }

  std::unique_ptr<DtlsRecords> client() const { return DtlsRecords::take_over(client_.ssl.get()); }
  std::unique_ptr<DtlsRecords> server() const { return DtlsRecords::take_over(server_.ssl.get()); }

 private:
  struct End {
    crypto::DatagramQueues queues;
    crypto::SslHandle ssl;
  };

  static void carry(End& from, End& to) {
    SSL_do_handshake(from.ssl.get());
    std::array<std::uint8_t, crypto::kMaxDtlsInput> datagram{};
    while (const std::size_t size = from.queues.take(datagram)) {
      to.queues.incoming = Bytes(datagram).first(size);
      SSL_do_handshake(to.ssl.get());
      to.queues.incoming = {};
    }
  }

  End client_;
  End server_;
};

// Once for all inputs: it takes long, and says nothing of records.
const Handshake& handshake(std::size_t cipher) {
  static const std::array<Handshake, kCiphers.size()> all{Handshake(kCiphers[0]), Handshake(kCiphers[1]),
                                                          Handshake(kCiphers[2])};
  return all[cipher];
}

// One way of the association.
class Way {
 public:
  Way(DtlsRecords& sender, DtlsRecords& receiver, std::size_t overhead)
      : sender_(sender), receiver_(receiver), overhead_(overhead) {}

  void take(std::uint8_t how, std::uint8_t where, std::uint8_t type, Bytes content) {
    if ((how & kRaw) != 0) return check_refused(content, "what was not sealed is refused");
    if ((how & kAgain) != 0) {
      if (!sealed_.empty()) deliver(sealed_[where % sealed_.size()]);
      return;
    }
    const Sealed& sealed = seal(type, content);
    if ((how & kReflected) != 0) {
      require(!open(sender_, sealed.record), "what one has sealed oneself is refused");
    }
    if ((how & kDamaged) != 0) check_damaged(sealed.record, where);
    if ((how & kTight) != 0 && !content.empty()) {
      Packet out(content.size() - 1);
      require(!receiver_.open(sealed.record, out), "what there is no room for is refused");
    }
    if ((how & kLate) == 0) deliver(sealed);
  }

 private:
  struct Sealed {
    Packet record;
    std::uint8_t type;
    Packet content;
  };

  static std::optional<Packet> open(DtlsRecords& receiver, Bytes record) {
    Packet out(record.size());
    const auto opened = receiver.open(record, out);
    if (!opened) return std::nullopt;
    require(opened->content.data() == out.data() && opened->content.size() < record.size(),
            "what is opened lies where it was to be opened");
    check_meaning(*opened);
    return Packet(opened->content.begin(), opened->content.end());
  }

  static void check_meaning(const DtlsRecords::Record& record) {
    const Meaning meaning = DtlsRecords::meaning_of(record);
    const bool alert = meaning == Meaning::close_notify || meaning == Meaning::fatal_alert;
    require((meaning == Meaning::data) == (record.type == DtlsContent::data), "data is data");
    require(!alert || (record.type == DtlsContent::alert && record.content.size() == 2), "an alert is one");
    require(meaning != Meaning::finished || record.type == DtlsContent::handshake, "a Finished is one");
  }

  const Sealed& seal(std::uint8_t type, Bytes content) {
    Packet record(content.size() + overhead_ - 1);
    const auto kind = static_cast<DtlsContent>(type);
    require(sender_.seal(kind, content, record) == 0, "nothing is sealed without room for it");
    record.resize(content.size() + overhead_);
    require(sender_.seal(kind, content, record) == record.size(), "a record is as long as it is said to be");
    Bytes rest = record;
    require(crypto::take_record(rest).size() == record.size(), "a record is one");
    sealed_.push_back({std::move(record), type, Packet(content.begin(), content.end())});
    return sealed_.back();
  }

  void check_refused(Bytes datagram, const char* promise) {
    while (!datagram.empty()) require(!open(receiver_, crypto::take_record(datagram)), promise);
  }

  void check_damaged(Packet record, std::uint8_t where) {
    record[where % record.size()] ^= static_cast<std::uint8_t>(1U << where % 8);
    check_refused(record, "a damaged record is refused");
  }

  void deliver(const Sealed& sealed) {
    const std::uint64_t number = ByteReader(Bytes(sealed.record).subspan(3)).u64();
    const bool is_old = !opened_.empty() && number + kWindow <= *opened_.rbegin();
    const auto content = open(receiver_, sealed.record);
    require(content.has_value() == (!is_old && opened_.insert(number).second),
            "a record is opened once, unless it is too old to tell");
    require(!content || *content == sealed.content, "what is opened is what was sealed");
  }

  DtlsRecords& sender_;
  DtlsRecords& receiver_;
  const std::size_t overhead_;
  std::vector<Sealed> sealed_;
  std::set<std::uint64_t> opened_;
};

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  ByteReader input(Bytes(data, size));
  const std::size_t cipher = input.u8() % fuzz::kCiphers.size();
  const auto client = fuzz::handshake(cipher).client();
  const auto server = fuzz::handshake(cipher).server();
  fuzz::require(client && server, "our records go on where the handshake has stopped");
  const std::size_t overhead = cipher == 2 ? crypto::kMaxDtlsOverhead - 8 : crypto::kMaxDtlsOverhead;
  std::array ways{fuzz::Way(*client, *server, overhead), fuzz::Way(*server, *client, overhead)};
  for (std::size_t step = 0; step < fuzz::kMaxSteps && input.remaining() >= 4; ++step) {
    const std::uint8_t how = input.u8();
    const std::uint8_t where = input.u8();
    const std::uint8_t type = input.u8();
    const std::size_t length = std::min<std::size_t>(input.u8(), input.remaining());
    ways.at(how & fuzz::kFromServer).take(how, where, type, input.take(length));
  }
  return 0;
}
