// The sources of all broadcasts: hands their frames to the worker's thread, and the worker's wishes to them.
#pragma once

#include <map>
#include <memory>
#include <porthole/server.hpp>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "media/source.hpp"
#include "server/worker.hpp"

namespace porthole::server {

class Sources final : public SourceControl {
 public:
  // Borrowed; outlives this.
  explicit Sources(io::EventLoop& loop);
  ~Sources() override;

  // Opens all of them, which may take seconds; frames go to `worker` from now on. The error is one line for
  // people, and nothing stays open after it.
  Result<void, std::string> open(const std::vector<SourceOptions>& sources, Worker& worker);
  // Stops and joins their threads.
  void close();

  void request_keyframe(const std::string& broadcast, VideoCodec codec) override;
  void want_rendition(const std::string& broadcast, VideoCodec codec, bool wanted) override;

 private:
  class Feed;

  io::EventLoop& loop_;  // Borrowed.
  std::map<std::string, std::unique_ptr<Feed>> feeds_;
};

}  // namespace porthole::server
