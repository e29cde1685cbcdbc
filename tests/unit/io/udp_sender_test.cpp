#include "io/udp_sender.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <cstring>
#include <deque>
#include <string>
#include <vector>

#include "io/socket_address.hpp"

namespace porthole::io {
namespace {

using Sent = UdpSender::Sent;
using testing::ElementsAre;

// A kernel that does as the test says. System calls are plain functions, so there is one for all.
struct Kernel {
  std::deque<int> errors_when_cutting;  // For each send in segments: an errno, or 0 to take it.
  std::deque<int> answers;              // For each send of single datagrams: how many it takes, or -errno.
  int cut_sends = 0;
  std::vector<std::string> datagrams;
  sockaddr_in6 to{};  // Of the last datagram, where the socket is of IPv6.
  in6_pktinfo from{};

  static int next(std::deque<int>& script) {
    if (script.empty()) return 0;
    const int answer = script.front();
    script.pop_front();
    return answer;
  }

  ssize_t send_message(const msghdr& message) {
    const int error = next(errors_when_cutting);
    if (error == 0) ++cut_sends;
    errno = error;
    return error == 0 ? static_cast<ssize_t>(message.msg_iov->iov_len) : -1;
  }

  int send_messages(const mmsghdr* messages, unsigned count) {
    const int answer = answers.empty() ? static_cast<int>(count) : next(answers);
    for (int i = 0; i < answer; ++i) {
      const iovec& bytes = *messages[i].msg_hdr.msg_iov;
      datagrams.emplace_back(static_cast<const char*>(bytes.iov_base), bytes.iov_len);
      note_envelope(messages[i].msg_hdr);
    }
    errno = answer < 0 ? -answer : 0;
    return answer < 0 ? -1 : answer;
  }

  void note_envelope(const msghdr& header) {
    if (header.msg_namelen != sizeof to) return;
    std::memcpy(&to, header.msg_name, sizeof to);
    std::memcpy(&from, CMSG_DATA(CMSG_FIRSTHDR(&header)), sizeof from);
  }
};

Kernel* kernel = nullptr;

UdpSystemCalls calls_of_the_test() {
  return {[](int, const msghdr* message, int) { return kernel->send_message(*message); },
          [](int, mmsghdr* messages, unsigned count, int) { return kernel->send_messages(messages, count); }};
}

class UdpSenderTest : public testing::Test {
 protected:
  UdpSenderTest() {
    kernel = &kernel_;
    batch_.to = {.local = {}, .remote = *SocketAddress::parse("192.0.2.1:9")};
    set("aabbccddeef", 2);
  }

  void set(std::string_view text, std::size_t segment_size) {
    batch_.segment_size = segment_size;
    batch_.size = text.size();
    std::copy(text.begin(), text.end(), batch_.buffer.begin());
  }

  Kernel kernel_;
  TransmitBatch batch_;
  UdpSender sender_{-1, Family::ipv4, true, calls_of_the_test()};
};

// The same address may be on every link.
TEST_F(UdpSenderTest, AnswersALinkLocalClientOnItsOwnLink) {
  const IpAddress ours = *IpAddress::parse("fe80::1");
  batch_.to = {.local = {ours.with_zone(3), 8443},
               .remote = {IpAddress::parse("fe80::2")->with_zone(3), 5000}};
  set("one", 3);
  UdpSender sender(-1, Family::ipv6, true, calls_of_the_test());
  EXPECT_EQ(sender.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.to.sin6_scope_id, 3U);
  EXPECT_EQ(kernel_.from.ipi6_ifindex, 3U);
  EXPECT_EQ(from_kernel(kernel_.from.ipi6_addr), ours);
}

TEST_F(UdpSenderTest, LeavesTheCuttingToTheKernel) {
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.cut_sends, 1);
  EXPECT_TRUE(kernel_.datagrams.empty());
}

TEST_F(UdpSenderTest, SendsASingleDatagramWithoutOffload) {
  set("alone", 1200);
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  set("no size", 0);
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.cut_sends, 0);
  EXPECT_THAT(kernel_.datagrams, ElementsAre("alone", "no size"));
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_TRUE(sender_.segmentation_offload());
}

TEST_F(UdpSenderTest, RemembersADeviceThatCannotCut) {
  kernel_.errors_when_cutting = {EIO};
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_THAT(kernel_.datagrams, ElementsAre("aa", "bb", "cc", "dd", "ee", "f"));
  EXPECT_FALSE(sender_.segmentation_offload());
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.cut_sends, 0);
}

TEST_F(UdpSenderTest, KeepsOffloadForOthersWhenOneDestinationRefuses) {
  kernel_.errors_when_cutting = {EINVAL};
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.datagrams.size(), 6u);
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.cut_sends, 1);
}

TEST_F(UdpSenderTest, GivesOffloadUpWhenEverybodyRefuses) {
  kernel_.errors_when_cutting.assign(100, EINVAL);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_FALSE(sender_.segmentation_offload());
  EXPECT_GT(kernel_.errors_when_cutting.size(), 80u);
}

TEST_F(UdpSenderTest, KeepsOffloadWhereItWorksNowAndThen) {
  for (int i = 0; i < 100; ++i) {
    kernel_.errors_when_cutting = {EINVAL, 0};
    EXPECT_EQ(sender_.send(batch_), Sent::sent);
    EXPECT_EQ(sender_.send(batch_), Sent::sent);
  }
  EXPECT_EQ(kernel_.cut_sends, 100);
}

TEST_F(UdpSenderTest, DoesNotBlameOffloadForADestinationWithoutAWay) {
  kernel_.errors_when_cutting.assign(100, EINVAL);
  kernel_.answers.assign(100, -EINVAL);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(sender_.send(batch_), Sent::dropped);
  EXPECT_TRUE(sender_.segmentation_offload());
  EXPECT_EQ(sender_.unsendable(), 600u);
}

TEST_F(UdpSenderTest, SaysBlockedWhenNothingWent) {
  kernel_.errors_when_cutting = {EAGAIN, EIO};
  EXPECT_EQ(sender_.send(batch_), Sent::blocked);
  kernel_.answers = {-EAGAIN};
  EXPECT_EQ(sender_.send(batch_), Sent::blocked);
  EXPECT_TRUE(kernel_.datagrams.empty());
  EXPECT_FALSE(sender_.has_rest());
}

TEST_F(UdpSenderTest, KeepsTheRestOfABatchThatWentHalfWay) {
  kernel_.errors_when_cutting = {EIO};
  kernel_.answers = {2, -EAGAIN};
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_TRUE(sender_.has_rest());
  // The caller's buffer is its own again, and other batches wait their turn.
  set("xyz", 1);
  kernel_.answers = {-EAGAIN};
  EXPECT_EQ(sender_.send(batch_), Sent::blocked);
  kernel_.answers = {1, -EAGAIN};
  EXPECT_FALSE(sender_.flush());
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_THAT(kernel_.datagrams, ElementsAre("aa", "bb", "cc", "dd", "ee", "f", "x", "y", "z"));
  EXPECT_FALSE(sender_.has_rest());
}

TEST_F(UdpSenderTest, GoesOnAfterAnInterruption) {
  kernel_.errors_when_cutting = {EINTR, EIO};
  kernel_.answers = {-EINTR, 3, -EINTR, 3};
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.datagrams.size(), 6u);
}

TEST_F(UdpSenderTest, SendsMoreSegmentsThanOneCallTakes) {
  kernel_.errors_when_cutting = {EINVAL};
  set(std::string(150, 'a'), 1);
  EXPECT_EQ(sender_.send(batch_), Sent::sent);
  EXPECT_EQ(kernel_.datagrams.size(), 150u);
}

}  // namespace
}  // namespace porthole::io
