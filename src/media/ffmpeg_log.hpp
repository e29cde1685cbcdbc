// Keeps FFmpeg's own log off the terminal, and its last words where an error text can quote them.
#pragma once

#include <string>

namespace porthole::media {

// Once per process; the log is FFmpeg's one global.
void silence_ffmpeg();

// What FFmpeg last complained about on this thread, one line; then forgotten. Often empty: its worker
// threads are not heard.
std::string take_ffmpeg_complaint();

}  // namespace porthole::media
