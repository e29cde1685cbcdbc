// The offer that the check makes, and what it reads of the answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/address.hpp"
#include "base/random.hpp"
#include "base/result.hpp"

namespace porthole::check {

// A server has a few; a list without end is not followed.
constexpr std::size_t kMaxCandidates = 8;

struct IceCredentials {
  std::string ufrag;
  std::string pwd;
};

IceCredentials make_credentials(Random& random);

// To receive H.264 or VP8. `fingerprint` is "AB:CD:...", the SHA-256 of a certificate; nobody will meet it,
// since the check nominates no pair and so DTLS never begins.
std::string make_offer(const IceCredentials& ice, std::string_view fingerprint, Random& random);

struct Answer {
  IceCredentials ice;
  // Host candidates of the first component. Names that are no IP address are left out.
  std::vector<SocketAddress> udp;
  std::vector<SocketAddress> tcp;  // Passive ones (RFC 6544 section 4.5).
};

// The error is a sentence.
Result<Answer, std::string> read_answer(std::string_view sdp);

}  // namespace porthole::check
