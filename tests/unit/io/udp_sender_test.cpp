#include "io/udp_sender.hpp"

#include <gmock/gmock.h>

#include <cerrno>
#include <deque>
#include <string>
#include <vector>

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
    }
    errno = answer < 0 ? -answer : 0;
    return answer < 0 ? -1 : answer;
  }
};

Kernel* kernel = nullptr;

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
  UdpSender sender_{
      -1,
      Family::ipv4,
      true,
      {[](int, const msghdr* message, int) { return kernel->send_message(*message); },
       [](int, mmsghdr* messages, unsigned count, int) { return kernel->send_messages(messages, count); }}};
};

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
