// The sources of all broadcasts: hands their frames to the workers' threads, and the workers' wishes to them.
#pragma once

#include <map>
#include <memory>
#include <porthole/server.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "io/event_loop.hpp"
#include "media/source.hpp"
#include "server/worker.hpp"

namespace porthole::server {

class Sources final : public SourceControl {
 public:
  // A worker and its loop. Both are borrowed and outlive the sources.
  struct Receiver {
    io::EventLoop& loop;
    Worker& worker;
  };

  Sources();
  ~Sources() override;

  // Opens all of them, which may take seconds; frames go to `receivers` from now on. The error is one line
  // for people, and nothing stays open after it.
  Result<void, std::string> open(const std::vector<SourceOptions>& sources,
                                 const std::vector<Receiver>& receivers);
  // Stops and joins their threads.
  void close();

  // Any thread, as long as they are open.
  void request_keyframe(const std::string& broadcast, VideoCodec codec) override;
  void want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) override;

 private:
  class Feed;

  std::map<std::string, std::unique_ptr<Feed>> feeds_;
};

}  // namespace porthole::server
