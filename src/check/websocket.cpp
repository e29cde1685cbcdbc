#include "check/websocket.hpp"

#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>

#include "check/beast_stream.hpp"
#include "check/printable.hpp"
#include "wire/sdp.hpp"

namespace porthole::check {
namespace {

namespace websocket = boost::beast::websocket;

// A second of 1080p and its description; the first message has less.
constexpr std::size_t kMaxMessage = 8 << 20;
// What the server says in text before the media.
constexpr int kMaxTexts = 8;

using Socket = websocket::stream<BeastStream&>;

// Beast keeps an answer that is no upgrade to itself; its status line is "HTTP/1.1 404 Not Found".
int status_of(const std::string& beginning) {
  const auto words = sdp::words(beginning);
  return words.size() < 2 ? 0 : static_cast<int>(sdp::number(words[1], 999).value_or(0));
}

Fault refused(int status) {
  const std::string said = "The server answered the upgrade with " + std::to_string(status) + ".";
  if (status == 401) return {Reason::unauthorized, said, true};
  if (status == 403) return {Reason::forbidden, said, true};
  if (status == 503) return {Reason::busy, said, true};
  return {Reason::proxy, said + " A proxy that takes Upgrade out of requests, or an older server.", true};
}

// What a server without this rung says to its address. 426 would be from one that has it and was not asked
// for an upgrade (RFC 9110 section 15.5.22): somebody took that out on the way.
bool means_unknown(int status) {
  return status == 400 || status == 404 || status == 405 || status == 501;
}

Result<void, Fault> wait_for_media(Socket& socket, const BeastStream& stream) {
  for (int i = 0; i < kMaxTexts; ++i) {
    boost::beast::flat_buffer buffer;
    BeastStream::ErrorCode error;
    socket.read(buffer, error);
    if (error == websocket::error::closed) {
      return fail(Fault{
          Reason::closed,
          "The server closed it: " +
              printable(std::string_view(socket.reason().reason.data(), socket.reason().reason.size())) + ".",
          true});
    }
    if (error) return fail(stream.fault());
    if (socket.got_binary()) return {};
  }
  return fail(Fault{Reason::bad_answer, "The server sends text and no media.", true});
}

}  // namespace

Result<WebSocketProof, Fault> check_websocket(const Page& page, const Deadline& deadline, bool& offered) {
  const Instant begun = io::EventLoop::now();
  auto stream = Stream::open(page.endpoint, deadline);
  if (!stream) return fail(stream.error());
  const Instant connected = io::EventLoop::now();
  boost::asio::io_context context;
  BeastStream beast(**stream, context, deadline);
  Socket socket(beast);
  socket.read_message_max(kMaxMessage);
  BeastStream::ErrorCode error;
  socket.handshake(page.target.authority(), "/websocket/" + page.target.stream, error);
  if (error == websocket::error::upgrade_declined) {
    const int status = status_of(beast.beginning());
    offered = !means_unknown(status);
    return fail(refused(status));
  }
  if (error) return fail(beast.fault());
  const Instant upgraded = io::EventLoop::now();
  if (const auto media = wait_for_media(socket, beast); !media) return fail(media.error());
  return WebSocketProof{io::EventLoop::now() - begun, upgraded - connected};
}

}  // namespace porthole::check
