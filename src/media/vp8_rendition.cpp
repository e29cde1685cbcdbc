#include "media/vp8_rendition.hpp"

#include <algorithm>
#include <utility>

#include "media/painting.hpp"

namespace porthole::media {
namespace {

// A group of pictures beyond these limits is not kept: the first VP8 picture then waits for a keyframe.
constexpr std::size_t kMaxGroupFrames = 600;
constexpr std::size_t kMaxGroupBytes = 8'000'000;

// Frames that may wait for the decoder before a keyframe lets it skip them.
constexpr std::size_t kMaxBacklog = 30;

// Pictures that come this much too early for the frame rate are still taken: arrival times jitter.
constexpr Duration kJitter = 4ms;

}  // namespace

// Decoder and encoder, while the rendition is wanted. Lives on the rendition's thread.
class Vp8Rendition::Worker {
 public:
  explicit Worker(Publisher& publisher) : publisher_(publisher) {}

  void handle(const Job& job, bool keyframe) {
    keyframe_ |= keyframe;
    if (job.picture) return encode(*job.picture, job.pts, job.frame_rate);
    if (!decoder_ && !open_decoder()) return;
    decoder_->decode(Bytes(job.frame->bytes), [&](const AVFrame& picture) {
      if (!job.catch_up) encode(picture, job.pts, job.frame_rate);
    });
  }

 private:
  bool open_decoder() {
    auto opened = Decoder::open_h264();
    if (!opened) return false;
    decoder_.emplace(std::move(*opened));
    return true;
  }

  void encode(const AVFrame& picture, Duration pts, AVRational frame_rate) {
    if (av_cmp_q(frame_rate, {kMaxVp8FramesPerSecond, 1}) > 0) frame_rate = {kMaxVp8FramesPerSecond, 1};
    if (last_pts_ && pts < *last_pts_ + frame_interval({kMaxVp8FramesPerSecond, 1}) - kJitter) return;
    const Size size = encoded_size(picture, kMaxVp8Size);
    const AVFrame* scaled = scaler_.scale(picture, size);
    if (scaled == nullptr || !ensure_encoder(size, frame_rate)) return;
    last_pts_ = pts;
    if (auto frame = encoder_->encode(*scaled, pts, std::exchange(keyframe_, false))) {
      publisher_.publish(std::move(frame));
    }
  }

  bool ensure_encoder(Size size, AVRational frame_rate) {
    if (encoder_ && Size{encoder_->settings().width, encoder_->settings().height} == size) return true;
    auto opened = VideoEncoder::vp8(
        {size.width, size.height, frame_rate, bitrate_for(size.width, size.height, frame_rate)});
    if (!opened) return false;
    encoder_.emplace(std::move(*opened));
    return true;
  }

  Publisher& publisher_;
  std::optional<Decoder> decoder_;
  std::optional<VideoEncoder> encoder_;
  Scaler scaler_;
  std::optional<Duration> last_pts_;
  bool keyframe_ = false;
};

Vp8Rendition::Vp8Rendition(Publisher& publisher) : publisher_(publisher), thread_([this] { run(); }) {}

Vp8Rendition::~Vp8Rendition() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void Vp8Rendition::want(bool wanted) {
  {
    const std::lock_guard lock(mutex_);
    if (wanted_ == wanted) return;
    wanted_ = wanted;
    keyframe_wanted_ = wanted;  // The encoder may still be that of the viewer who has just left.
    jobs_.clear();
    for (const auto& frame : group_) {
      if (wanted) jobs_.push_back({nullptr, frame, frame->pts, frame_rate_, frame != group_.back()});
    }
  }
  changed_.notify_one();
}

void Vp8Rendition::request_keyframe() {
  const std::lock_guard lock(mutex_);
  keyframe_wanted_ = true;
}

void Vp8Rendition::offer(const AVFrame& picture, Duration pts, AVRational frame_rate) {
  {
    const std::lock_guard lock(mutex_);
    group_.clear();
    group_bytes_ = 0;
    if (!wanted_) return;
  }
  // A copy, so that the two threads share nothing: whoever draws the next picture would have to copy anyway.
  FramePtr copy = make_picture(picture.width, picture.height);
  if (av_frame_copy(copy.get(), &picture) < 0) return;
  {
    const std::lock_guard lock(mutex_);
    if (!wanted_) return;
    jobs_.clear();  // A picture that was not begun yet is too late now.
    jobs_.push_back({std::move(copy), nullptr, pts, frame_rate, false});
  }
  changed_.notify_one();
}

void Vp8Rendition::offer(std::shared_ptr<const EncodedFrame> frame, AVRational frame_rate) {
  {
    const std::lock_guard lock(mutex_);
    frame_rate_ = frame_rate;
    remember(frame);
    if (!wanted_) return;
    if (frame->keyframe && jobs_.size() > kMaxBacklog) jobs_.clear();
    if (jobs_.size() > kMaxGroupFrames) return;  // The decoder conceals the loss until the next keyframe.
    const Duration pts = frame->pts;
    jobs_.push_back({nullptr, std::move(frame), pts, frame_rate, false});
  }
  changed_.notify_one();
}

void Vp8Rendition::remember(const std::shared_ptr<const EncodedFrame>& frame) {
  if (frame->keyframe) {
    group_.clear();
    group_bytes_ = 0;
  } else if (group_.empty()) {
    return;
  }
  group_.push_back(frame);
  group_bytes_ += frame->bytes.size();
  if (group_.size() > kMaxGroupFrames || group_bytes_ > kMaxGroupBytes) group_.clear();
}

void Vp8Rendition::run() {
  std::optional<Worker> worker;
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    if (!wanted_) {
      lock.unlock();
      worker.reset();  // Frees encoder and decoder, and not under the lock.
      lock.lock();
    }
    changed_.wait(lock, [&] { return stopping_ || (wanted_ ? !jobs_.empty() : worker.has_value()); });
    if (stopping_ || !wanted_) continue;
    const Job job = std::move(jobs_.front());
    jobs_.pop_front();
    const bool keyframe = std::exchange(keyframe_wanted_, false);
    lock.unlock();
    if (!worker) worker.emplace(publisher_);
    worker->handle(job, keyframe);
    lock.lock();
  }
}

}  // namespace porthole::media
