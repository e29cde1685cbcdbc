#include "rtc/feedback.hpp"

namespace porthole::rtc {
namespace {

void tell_report(const rtcp::Packet& packet, std::uint32_t ssrc, FeedbackSink& sink) {
  const auto report = rtcp::read_report(packet);
  if (!report) return;
  for (std::size_t i = 0; i < report->size(); ++i) {
    const rtcp::ReportBlock block = (*report)[i];
    if (block.ssrc == ssrc) sink.on_report(block);
  }
}

void tell_transport_feedback(const rtcp::Packet& packet, std::uint32_t ssrc, FeedbackSink& sink) {
  const auto feedback = rtcp::read_feedback(packet);
  if (!feedback || packet.count != rtcp::kGenericNack || feedback->media != ssrc) return;
  rtcp::for_each_lost(feedback->control, [&sink](std::uint16_t sequence) { sink.on_lost(sequence); });
}

void tell_payload_feedback(const rtcp::Packet& packet, std::uint32_t ssrc, FeedbackSink& sink) {
  const auto feedback = rtcp::read_feedback(packet);
  if (!feedback) return;
  if (packet.count == rtcp::kPictureLossIndication && feedback->media == ssrc) sink.on_picture_loss();
  if (packet.count != rtcp::kFullIntraRequest) return;
  rtcp::for_each_intra_request(feedback->control, [&](std::uint32_t source, std::uint8_t command_sequence) {
    if (source == ssrc) sink.on_intra_request(command_sequence);
  });
}

}  // namespace

bool read_feedback(Bytes compound, std::uint32_t ssrc, FeedbackSink& sink) {
  auto packets = rtcp::parse(compound);
  if (!packets) return false;
  while (const auto packet = packets->next()) {
    switch (packet->type) {
      case rtcp::kSenderReport:
      case rtcp::kReceiverReport:
        tell_report(*packet, ssrc, sink);
        break;
      case rtcp::kTransportFeedback:
        tell_transport_feedback(*packet, ssrc, sink);
        break;
      case rtcp::kPayloadFeedback:
        tell_payload_feedback(*packet, ssrc, sink);
        break;
      case rtcp::kGoodbye:
        sink.on_goodbye();
        break;
      default:
        break;
    }
  }
  return true;
}

}  // namespace porthole::rtc
