#include "media/mp4_fragmenter.hpp"

extern "C" {
#include <libavutil/opt.h>
}

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <utility>

#include "media/ffmpeg_log.hpp"
#include "media/h264_bitstream.hpp"

namespace porthole::media {
namespace {

// What H.264 over RTP counts in, too.
constexpr AVRational kTimeBase{1, 90'000};

// The muxer writes in pieces of this size.
constexpr int kWriteBuffer = 32 << 10;

struct PictureSize {
  int width = 0;
  int height = 0;
};

struct ParserDeleter {
  void operator()(AVCodecParserContext* parser) const { av_parser_close(parser); }
};

// Browsers believe what the container says, so it must be the sequence parameter set's own word.
std::optional<PictureSize> picture_size(Bytes keyframe) {
  const std::unique_ptr<AVCodecParserContext, ParserDeleter> parser(av_parser_init(AV_CODEC_ID_H264));
  const CodecPtr codec(avcodec_alloc_context3(nullptr));
  if (!parser || !codec) return std::nullopt;
  parser->flags |= PARSER_FLAG_COMPLETE_FRAMES;
  std::vector<std::uint8_t> padded(keyframe.begin(), keyframe.end());
  padded.resize(padded.size() + AV_INPUT_BUFFER_PADDING_SIZE);
  std::uint8_t* out = nullptr;
  int out_size = 0;
  av_parser_parse2(parser.get(), codec.get(), &out, &out_size, padded.data(),
                   static_cast<int>(keyframe.size()), AV_NOPTS_VALUE, AV_NOPTS_VALUE, 0);
  if (parser->width <= 0 || parser->height <= 0) return std::nullopt;
  return PictureSize{parser->width, parser->height};
}

std::vector<std::uint8_t> parameter_sets_of(Bytes annex_b) {
  std::vector<std::uint8_t> sets;
  NalReader reader(annex_b);
  while (const auto nal = reader.next()) {
    const NalType type = nal_type(*nal);
    if (type != NalType::sps && type != NalType::pps) continue;
    sets.insert(sets.end(), {0, 0, 0, 1});
    sets.insert(sets.end(), nal->begin(), nal->end());
  }
  return sets;
}

// RFC 6381 section 3.3: profile_idc, constraint flags and level_idc, the three bytes behind the unit's
// header.
std::string media_type(Bytes parameter_sets) {
  NalReader reader(parameter_sets);
  while (const auto nal = reader.next()) {
    if (nal_type(*nal) != NalType::sps || nal->size() < 4) continue;
    std::array<char, 40> text{};
    std::snprintf(text.data(), text.size(), "video/mp4; codecs=\"avc1.%02x%02x%02x\"", (*nal)[1], (*nal)[2],
                  (*nal)[3]);
    return text.data();
  }
  return {};
}

// A gap for which the muxer's 32 bits of ticks do not suffice, and no viewer would sit through it.
constexpr Duration kMaxGap = 1h;

// ISO 14496-12 section 8.8.7: the fields of a track fragment's header that may stand before the duration.
constexpr std::uint32_t kHasBaseDataOffset = 0x1;
constexpr std::uint32_t kHasDescriptionIndex = 0x2;
constexpr std::uint32_t kHasDuration = 0x8;

// What is inside the first box of this type; empty where there is none.
MutableBytes inside(MutableBytes boxes, std::string_view type) {
  constexpr std::size_t kBoxHeader = 8;
  while (boxes.size() >= kBoxHeader) {
    const std::size_t size = load_u32(boxes.data());
    if (size < kBoxHeader || size > boxes.size()) break;
    if (as_text(boxes.subspan(4, 4)) == type) return boxes.first(size).subspan(kBoxHeader);
    boxes = boxes.subspan(size);
  }
  return {};
}

// The muxer wants each frame to begin no sooner than the one before ends, so that it is told the shortest
// duration, and what viewers are to believe is put in its place. False where it is not there.
bool claim_duration(MutableBytes fragment, std::uint32_t ticks) {
  const MutableBytes header = inside(inside(inside(fragment, "moof"), "traf"), "tfhd");
  if (header.size() < 8) return false;
  const std::uint32_t flags = load_u32(header.data());
  if ((flags & kHasDuration) == 0) return false;
  std::size_t at = 8;  // Behind the flags and the track's number.
  if ((flags & kHasBaseDataOffset) != 0) at += 8;
  if ((flags & kHasDescriptionIndex) != 0) at += 4;
  if (header.size() < at + 4) return false;
  store_u32(&header[at], ticks);
  return true;
}

std::int64_t ticks(Duration duration) {
  return av_rescale_q(duration.count(), AVRational{1, 1'000'000'000}, kTimeBase);
}

}  // namespace

// FFmpeg's MP4 muxer with memory instead of a file.
class Mp4Fragmenter::Muxer {
 public:
  // Null where FFmpeg refuses.
  static std::unique_ptr<Muxer> open(Bytes parameter_sets, PictureSize size);
  ~Muxer();
  Muxer(const Muxer&) = delete;
  Muxer& operator=(const Muxer&) = delete;

  bool write(AVPacket& packet);
  // What was written since the last call.
  std::vector<std::uint8_t> take() { return std::exchange(written_, {}); }

 private:
  Muxer() = default;

  bool add_stream(Bytes parameter_sets, PictureSize size);
  bool write_header();
  static int on_write(void* self, std::uint8_t* bytes, int size);

  AVFormatContext* format_ = nullptr;
  std::vector<std::uint8_t> written_;
};

std::unique_ptr<Mp4Fragmenter::Muxer> Mp4Fragmenter::Muxer::open(Bytes parameter_sets, PictureSize size) {
  std::unique_ptr<Muxer> muxer(new Muxer);
  if (avformat_alloc_output_context2(&muxer->format_, nullptr, "mp4", nullptr) < 0) return nullptr;
  auto* buffer = static_cast<std::uint8_t*>(av_malloc(kWriteBuffer));
  if (buffer == nullptr) return nullptr;
  muxer->format_->pb =
      avio_alloc_context(buffer, kWriteBuffer, 1, muxer.get(), nullptr, &Muxer::on_write, nullptr);
  if (muxer->format_->pb == nullptr) {
    av_free(buffer);
    return nullptr;
  }
  muxer->format_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
  muxer->format_->avoid_negative_ts =
      AVFMT_AVOID_NEG_TS_DISABLED;  // No shift: a first frame may be at any time.
  if (!muxer->add_stream(parameter_sets, size) || !muxer->write_header()) return nullptr;
  return muxer;
}

Mp4Fragmenter::Muxer::~Muxer() {
  if (format_ == nullptr) return;
  if (format_->pb != nullptr) av_freep(&format_->pb->buffer);
  avio_context_free(&format_->pb);
  avformat_free_context(format_);
}

bool Mp4Fragmenter::Muxer::add_stream(Bytes parameter_sets, PictureSize size) {
  AVStream* stream = avformat_new_stream(format_, nullptr);
  if (stream == nullptr) return false;
  stream->time_base = kTimeBase;
  AVCodecParameters& video = *stream->codecpar;
  video.codec_type = AVMEDIA_TYPE_VIDEO;
  video.codec_id = AV_CODEC_ID_H264;
  video.width = size.width;
  video.height = size.height;
  video.extradata =
      static_cast<std::uint8_t*>(av_mallocz(parameter_sets.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (video.extradata == nullptr) return false;
  std::memcpy(video.extradata, parameter_sets.data(), parameter_sets.size());
  video.extradata_size = static_cast<int>(parameter_sets.size());
  return true;
}

bool Mp4Fragmenter::Muxer::write_header() {
  Options options;
  // Fragments end where we say so; and nothing is remembered of them for an index that nobody will read.
  options.set("movflags", "empty_moov+default_base_moof+frag_custom+skip_trailer");
  options.set("use_editlist", "0");
  const int written = avformat_write_header(format_, options.get());
  avio_flush(format_->pb);
  return written >= 0;
}

bool Mp4Fragmenter::Muxer::write(AVPacket& packet) {
  // The fragment's time is the frame's own, not the sum of the durations before it.
  av_opt_set(format_->priv_data, "movflags", "+frag_discont", 0);
  if (av_write_frame(format_, &packet) < 0) return false;
  const bool flushed = av_write_frame(format_, nullptr) >= 0;
  avio_flush(format_->pb);
  return flushed;
}

int Mp4Fragmenter::Muxer::on_write(void* self, std::uint8_t* bytes, int size) {
  auto& written = static_cast<Muxer*>(self)->written_;
  written.insert(written.end(), bytes, bytes + size);
  return size;
}

void FrameClaim::note_interval(Duration interval) {
  longest_interval_ = std::max(interval, (longest_interval_ * 9 + interval) / 10);
}

Duration FrameClaim::duration() const {
  return std::clamp(2 * longest_interval_, kShortest, kLongest);
}

Mp4Fragmenter::Mp4Fragmenter() : packet_(make_packet()) {
  silence_ffmpeg();
}

Mp4Fragmenter::~Mp4Fragmenter() = default;

std::optional<Fragment> Mp4Fragmenter::add(const EncodedFrame& frame) {
  if (frame.codec != VideoCodec::h264 || frame.bytes.empty()) return std::nullopt;
  Fragment fragment;
  fragment.keyframe = frame.keyframe;
  if (frame.keyframe) {
    auto sets = parameter_sets_of(frame.bytes);
    if (!sets.empty() && (!muxer_ || sets != parameter_sets_)) fragment.init = begin(std::move(sets), frame);
  }
  if (!muxer_) return std::nullopt;
  if (!origin_) origin_ = latest_ = frame.pts;
  const Duration interval = frame.pts - std::exchange(latest_, frame.pts);
  fragment.after_gap = !frame.keyframe && !claim_.covers(interval);
  claim_.note_interval(interval);
  // The muxer only reads; it takes neither bytes nor packet.
  packet_->data = const_cast<std::uint8_t*>(frame.bytes.data());
  packet_->size = static_cast<int>(frame.bytes.size());
  packet_->pts = packet_->dts = ticks(frame.pts - *origin_);
  packet_->duration = 1;
  packet_->flags = frame.keyframe ? AV_PKT_FLAG_KEY : 0;
  packet_->stream_index = 0;
  const auto claimed = static_cast<std::uint32_t>(ticks(claim_.duration()));
  if (interval <= kMaxGap && muxer_->write(*packet_)) {
    fragment.bytes = muxer_->take();
    if (claim_duration(fragment.bytes, claimed)) return fragment;
  }
  muxer_ = nullptr;  // Begins anew with the next keyframe.
  return std::nullopt;
}

std::optional<InitSegment> Mp4Fragmenter::begin(std::vector<std::uint8_t> parameter_sets,
                                                const EncodedFrame& keyframe) {
  muxer_ = nullptr;
  InitSegment init{media_type(parameter_sets), kTimeBase.den, {}};
  const auto size = picture_size(keyframe.bytes);
  if (init.type.empty() || !size) return std::nullopt;
  muxer_ = Muxer::open(parameter_sets, *size);
  if (!muxer_) return std::nullopt;
  parameter_sets_ = std::move(parameter_sets);
  init.bytes = muxer_->take();
  return init;
}

}  // namespace porthole::media
