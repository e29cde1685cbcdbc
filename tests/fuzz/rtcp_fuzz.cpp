// RTCP compounds: packets lie within the datagram, and feedback tells no more than its bytes can hold.
#include <vector>

#include "fuzz/require.hpp"
#include "rtc/feedback.hpp"
#include "wire/rtcp.hpp"

namespace porthole::fuzz {
namespace {

constexpr std::uint32_t kSsrc = 0x01020304;

struct Counter final : rtc::FeedbackSink {
  void on_report(const rtcp::ReportBlock&) override { ++calls; }
  void on_lost(std::uint16_t) override { ++calls; }
  void on_picture_loss() override { ++calls; }
  void on_intra_request(std::uint8_t) override { ++calls; }
  void on_goodbye() override { ++calls; }
  std::size_t calls = 0;
};

void check_report(const rtcp::Packet& packet) {
  const auto report = rtcp::read_report(packet);
  if (!report) return;
  require(report->size() <= 31 && report->size() * 24 <= packet.body.size(), "blocks lie within the packet");
  for (std::size_t i = 0; i < report->size(); ++i) {
    const auto lost = (*report)[i].cumulative_lost;
    require(lost >= -(1 << 23) && lost < (1 << 23), "cumulative loss has 24 bits");
  }
}

// What a NACK names is what a NACK would be written for.
void check_nack(const rtcp::Feedback& feedback) {
  std::vector<std::uint16_t> lost;
  rtcp::for_each_lost(feedback.control, [&](std::uint16_t sequence) { lost.push_back(sequence); });
  require(lost.size() <= feedback.control.size() / 4 * 17, "at most 17 losses for 4 bytes");
  std::vector<std::uint8_t> out(12 + lost.size() * 4);
  ByteWriter writer(out);
  rtcp::write_nack(writer, feedback.sender, feedback.media, lost);
  require(writer.ok(), "a NACK needs at most 4 bytes for a loss");
  require(rtcp::parse(writer.written()).ok(), "a NACK that was written can be read");
}

// RFC 3550 section 6.4.1, at leisure: version 2 everywhere, whole packets, padding in the last one alone.
bool is_compound(Bytes datagram) {
  std::size_t at = 0;
  while (at + 4 <= datagram.size()) {
    const std::size_t end = at + 4 + std::size_t{load_u16(&datagram[at + 2])} * 4;
    if (datagram[at] >> 6 != 2 || end > datagram.size()) return false;
    if ((datagram[at] & 0x20) != 0) {
      const std::size_t padding = datagram[end - 1];
      if (end != datagram.size() || padding < 4 || padding % 4 != 0 || at + 4 + padding > end) return false;
    }
    at = end;
  }
  return at > 0 && at == datagram.size();
}

void check_packets(Bytes datagram) {
  auto compound = rtcp::parse(datagram);
  require(compound.ok() == is_compound(datagram), "a compound is what RFC 3550 says");
  if (!compound) return;
  std::size_t total = 0;
  while (const auto packet = compound->next()) {
    total += 4 + packet->body.size();
    require(packet->body.empty() ||
                packet->body.data() + packet->body.size() <= datagram.data() + datagram.size(),
            "a packet lies within the datagram");
    check_report(*packet);
    if (const auto feedback = rtcp::read_feedback(*packet)) check_nack(*feedback);
    std::size_t leaving = 0;
    rtcp::for_each_leaving(*packet, [&](std::uint32_t) { ++leaving; });
    require(leaving * 4 <= packet->body.size(), "who leaves is named in the packet");
  }
  require(total <= datagram.size(), "packets do not overlap");
}

}  // namespace
}  // namespace porthole::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace porthole;
  const Bytes bytes(data, size);
  fuzz::check_packets(bytes);
  fuzz::Counter counter;
  const bool read = rtc::read_feedback(bytes, fuzz::kSsrc, counter);
  fuzz::require(read || counter.calls == 0, "of a malformed compound nothing is told");
  fuzz::require(counter.calls <= size / 4 * 17, "at most 17 calls for 4 bytes");
  return 0;
}
