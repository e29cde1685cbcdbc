// A Stream as Boost.Beast's blocking functions take one. Only for source files: it brings Asio and Beast.
#pragma once

#include <boost/asio/error.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/buffers_range.hpp>
#include <boost/beast/core/role.hpp>
#include <boost/system/system_error.hpp>
#include <string>
#include <vector>

#include "check/stream.hpp"

namespace porthole::check {

// Borrows the stream. After an error fault() says more than the error code does.
class BeastStream {
 public:
  using executor_type = boost::asio::io_context::executor_type;
  using ErrorCode = boost::system::error_code;

  BeastStream(Stream& stream, boost::asio::io_context& context, const Deadline& deadline)
      : stream_(&stream), context_(&context), deadline_(deadline) {}

  executor_type get_executor() const noexcept { return context_->get_executor(); }
  const Fault& fault() const { return fault_; }
  // The first bytes that were read: enough for the status line of an answer.
  const std::string& beginning() const { return beginning_; }

  template <class Buffers>
  std::size_t read_some(const Buffers& buffers, ErrorCode& error) {
    error = {};
    for (const boost::asio::mutable_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
      if (buffer.size() > 0) return read({static_cast<std::uint8_t*>(buffer.data()), buffer.size()}, error);
    }
    return 0;
  }

  // All of it, in one piece: what inspects a connection judges it by its first segment.
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers, ErrorCode& error) {
    error = {};
    std::vector<std::uint8_t> whole;
    for (const boost::asio::const_buffer buffer : boost::beast::buffers_range_ref(buffers)) {
      const auto* const bytes = static_cast<const std::uint8_t*>(buffer.data());
      whole.insert(whole.end(), bytes, bytes + buffer.size());
    }
    write(whole, error);
    return error ? 0 : whole.size();
  }

  // Asio's concept of a stream asks for these; nobody calls them.
  template <class Buffers>
  std::size_t read_some(const Buffers& buffers) {
    return or_throw([&](ErrorCode& error) { return read_some(buffers, error); });
  }
  template <class Buffers>
  std::size_t write_some(const Buffers& buffers) {
    return or_throw([&](ErrorCode& error) { return write_some(buffers, error); });
  }

  friend void teardown(boost::beast::role_type, BeastStream&, ErrorCode& error) { error = {}; }

 private:
  template <class Operation>
  static std::size_t or_throw(const Operation& operation) {
    ErrorCode error;
    const std::size_t count = operation(error);
    if (error) throw boost::system::system_error(error);
    return count;
  }

  std::size_t read(MutableBytes buffer, ErrorCode& error) {
    const auto count = stream_->read_some(buffer, deadline_);
    if (count && *count > 0) {
      const std::string_view text = as_text(buffer.first(*count));
      beginning_ += text.substr(0, kBeginning - std::min(kBeginning, beginning_.size()));
      return *count;
    }
    fault_ = count ? Fault{Reason::closed, {}, true} : count.error();
    error = count ? ErrorCode(boost::asio::error::eof) : ErrorCode(boost::asio::error::fault);
    return 0;
  }
  void write(Bytes bytes, ErrorCode& error) {
    const auto written = stream_->write_all(bytes, deadline_);
    if (written) return;
    fault_ = written.error();
    error = boost::asio::error::fault;
  }

  static constexpr std::size_t kBeginning = 32;

  Stream* stream_;
  boost::asio::io_context* context_;
  Deadline deadline_;
  std::string beginning_;
  Fault fault_{Reason::bad_answer, "What answers is not proper HTTP.", true};
};

}  // namespace porthole::check
