// One encoded frame as RTP payloads, made once and shared by every viewer.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "base/bytes.hpp"
#include "base/frame.hpp"
#include "base/time.hpp"
#include "wire/rtp.hpp"

namespace porthole::rtc {

// RFC 8831 section 5 and common browser practice: datagrams of 1200 bytes pass nearly every path
// unfragmented.
constexpr std::size_t kMaxPacketOnPath = 1200;
// RFC 4588 section 4: the original sequence number in front of a retransmitted payload.
constexpr std::size_t kOriginalSequenceSize = 2;
// RFC 7714 section 13.2: the tag of AEAD_AES_128_GCM; AES128_CM_SHA1_80 adds only 10.
constexpr std::size_t kMaxSrtpTrailer = 16;
// RFC 8656 section 11.4: a Data indication with an IPv6 XOR-PEER-ADDRESS: 20 of header, 24 of address, 4 of
// DATA's own header. DATA is padded to a multiple of 4, which the assertion below takes care of.
constexpr std::size_t kMaxRelayOverhead = 48;

// Bytes of payload for which every form of the packet, retransmitted, encrypted and relayed, keeps within
// kMaxPacketOnPath.
constexpr std::size_t kMaxPayload = kMaxPacketOnPath - rtp::kHeaderSize - rtp::kPlayoutDelayExtensionSize -
                                    kOriginalSequenceSize - kMaxSrtpTrailer - kMaxRelayOverhead;
static_assert((kMaxPacketOnPath - kMaxRelayOverhead) % 4 == 0, "padding in DATA would exceed the path");

// The largest RTP packet that a SendStream writes, before encryption.
constexpr std::size_t kMaxRtpPacket =
    rtp::kHeaderSize + rtp::kPlayoutDelayExtensionSize + kOriginalSequenceSize + kMaxPayload;

// Larger frames are refused. The sequence numbers of one frame must stay far below half of their circle.
constexpr std::size_t kMaxFrameBytes = 4U << 20;

// Payloads stand one behind the other in `bytes`, each complete with its payload descriptor or FU header.
//
// Runs: a run is a stretch of packets of one size, the last of which may be shorter; it leaves as one batch
// with UDP segmentation offload. The packetizers make few of them. VP8: one run a frame. H.264: one run for
// each NAL unit that needs several packets (they are cut into equal parts), and one for each stretch of small
// units that share an aggregate. So a frame of one slice is one run, a keyframe with SPS and PPS in front
// two. Whoever builds batches needs no more than the next packet's size: equal to the first of the batch,
// append; smaller, append and close; larger, close and begin anew.
struct PacketizedFrame {
  struct Payload {
    std::uint32_t offset = 0;
    std::uint16_t size = 0;
  };

  VideoCodec codec = VideoCodec::h264;
  bool keyframe = false;  // As the bitstream says: a decoder can start here.
  Duration pts{};
  std::vector<std::uint8_t> bytes;
  std::vector<Payload> payloads;  // Never empty.

  Bytes payload(std::size_t index) const {
    return Bytes(bytes).subspan(payloads[index].offset, payloads[index].size);
  }
};

// Immutable once made, so that any number of viewers may hold it.
using FramePtr = std::shared_ptr<const PacketizedFrame>;

}  // namespace porthole::rtc
