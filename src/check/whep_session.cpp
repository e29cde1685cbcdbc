#include "check/whep_session.hpp"

#include <boost/beast/core/string.hpp>

#include "check/printable.hpp"
#include "crypto/certificate.hpp"
#include "io/system_random.hpp"

namespace porthole::check {
namespace {

constexpr int kCreated = 201;

// The path on the same server; empty for anything else, since the check asks nobody but whom it was told to.
std::string path_of(std::string_view location, const Target& target) {
  const std::string origin = target.url().substr(0, target.url().find('/', 8));
  if (location.starts_with(origin)) location.remove_prefix(origin.size());
  const bool is_path = location.starts_with('/') && !location.starts_with("//");
  return is_path ? std::string(location) : std::string();
}

Fault refused(const HttpAnswer& reply) {
  const std::string said = "The server said " + std::to_string(reply.status) + ": " + printable(reply.body);
  switch (reply.status) {
    case 401:
      return {Reason::unauthorized, said, true};
    case 403:
      return {Reason::forbidden, said, true};
    case 404:
      return {Reason::no_stream, said, true};
    case 503:
      return {Reason::busy, said, true};
    default:
      return {Reason::bad_answer, said, true};
  }
}

}  // namespace

WhepSession::WhepSession(const Target& target, const Endpoint& endpoint, Duration timeout)
    : target_(target), endpoint_(endpoint), timeout_(timeout) {}

Result<std::unique_ptr<WhepSession>, Fault> WhepSession::open(const Target& target, const Endpoint& endpoint,
                                                              Duration timeout) {
  std::unique_ptr<WhepSession> session(new WhepSession(target, endpoint, timeout));
  if (const auto created = session->create(); !created) return fail(created.error());
  return session;
}

WhepSession::~WhepSession() {
  if (location_.empty()) return;
  // Nobody can be told if this fails; the server ends a session without checks by itself.
  (void)ask(endpoint_, {"DELETE", location_, target_.authority(), {}, {}}, Deadline::after(timeout_));
}

Result<void, Fault> WhepSession::create() {
  io::SystemRandom random;
  local_ = make_credentials(random);
  const auto wall = io::EventLoop::wall_clock().time(io::EventLoop::now());
  const auto certificate = crypto::Certificate::self_signed(wall);
  if (!certificate) return fail(Fault{Reason::local, "OpenSSL makes no certificate."});
  const auto reply = ask(endpoint_,
                         {"POST", "/whep/" + target_.stream, target_.authority(), "application/sdp",
                          make_offer(local_, certificate->fingerprint(), random)},
                         Deadline::after(timeout_));
  if (!reply) return fail(reply.error());
  if (reply->status != kCreated) return fail(refused(*reply));
  return take(*reply);
}

Result<void, Fault> WhepSession::take(const HttpAnswer& reply) {
  location_ = path_of(reply.header("Location"), target_);
  for (const auto& [name, value] : reply.headers) {
    if (boost::beast::iequals(name, "Link")) append_turn_links(value, turn_);
  }
  auto answer = read_answer(reply.body);
  if (!answer) return fail(Fault{Reason::bad_answer, "The answer to the offer: " + answer.error(), true});
  answer_ = *std::move(answer);
  return {};
}

}  // namespace porthole::check
