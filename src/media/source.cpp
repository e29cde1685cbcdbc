#include "media/source.hpp"

#include "media/ffmpeg_log.hpp"
#include "media/source_url.hpp"
#include "media/test_pattern_source.hpp"
#include "media/url_source.hpp"

namespace porthole::media {

Result<std::unique_ptr<Source>, std::string> open_source(const std::string& url, FrameSink& sink,
                                                         const SourceOptions& options) {
  silence_ffmpeg();
  const SourceUrl parsed = SourceUrl::parse(url);
  if (parsed.target.empty()) {
    return fail(options.name + ": the source has no URL; name a file, an rtsp:// URL or test-pattern:");
  }
  auto source = parsed.kind == SourceUrl::Kind::test_pattern ? TestPatternSource::open(sink)
                                                             : UrlSource::open(parsed, sink, options);
  if (!source) return fail(options.name + ": " + source.error());
  return source;
}

}  // namespace porthole::media
