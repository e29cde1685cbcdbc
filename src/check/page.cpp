#include "check/page.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "check/printable.hpp"
#include "check/race.hpp"

namespace porthole::check {
namespace {

using Json = nlohmann::json;

// HTTP to HTTPS is one; more than a few is a circle.
constexpr int kMaxRedirects = 3;

// Listed when the one that was asked for is not there.
constexpr std::size_t kMaxListed = 10;

struct Reached {
  SocketAddress address;
  HttpAnswer answer;
};

Json parse_json(std::string_view text) {
  return Json::parse(text.begin(), text.end(), nullptr, false);
}

std::string text_field(const Json& object, const char* name) {
  const auto field = object.is_object() ? object.find(name) : object.end();
  return object.is_object() && field != object.end() && field->is_string() ? field->get<std::string>() : "";
}

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Where a server sends us to on its own host; anything else is somebody's login page.
std::optional<Target> redirected(const Target& from, std::string_view location) {
  if (location.find("://") == std::string_view::npos) return std::nullopt;
  const auto targets = parse_url(location.substr(0, location.find('/', location.find("://") + 3)));
  if (!targets || targets->size() != 1 || targets->front().host != from.host) return std::nullopt;
  Target to = targets->front();
  to.stream = from.stream;
  return to;
}

Fault not_a_porthole(const HttpAnswer& answer) {
  const std::string server = printable(answer.header("Server"), 60);
  std::string detail = "What answers is no Porthole: HTTP status " + std::to_string(answer.status);
  if (!server.empty()) detail += ", Server: " + server;
  detail += ".";
  const bool by_proxy = answer.status == 407 || answer.status == 511 || !answer.header("Via").empty() ||
                        !answer.header("X-Squid-Error").empty() ||
                        !answer.header("Proxy-Authenticate").empty();
  return {by_proxy ? Reason::proxy : Reason::not_porthole, detail, true};
}

Fault sent_elsewhere(const HttpAnswer& answer) {
  return {
      Reason::proxy,
      "What answers sends us to " + printable(answer.header("Location")) + ": a login page of this network?",
      true};
}

bool is_porthole(const HttpAnswer& answer) {
  return answer.status == 200 && text_field(parse_json(answer.body), "status") == "ok";
}

// One attempt, from the first connection to the name of a stream.
class Visit {
 public:
  Visit(const Target& target, const Approach& approach, const Deadline& deadline)
      : approach_(approach),
        deadline_(deadline),
        problem_{{}, target, std::nullopt, std::nullopt, approach.proxy.has_value()} {}

  Result<Page, PageFault> run() {
    for (int hop = 0; hop <= kMaxRedirects; ++hop) {
      const Step step = visit();
      if (step == Step::arrived) return page_;
      if (step == Step::failed) return fail(problem_);
    }
    fail_with({Reason::bad_answer, "The server sends us round in circles.", true});
    return fail(problem_);
  }

 private:
  enum class Step : std::uint8_t { arrived, redirected, failed };

  Step visit() {
    const auto reached = knock();
    if (!reached) return fail_with(reached.error());
    const HttpAnswer& answer = reached->answer;
    problem_.address = reached->address;
    problem_.certificate = answer.certificate;
    if (is_redirect(answer.status)) return follow(answer);
    if (!is_porthole(answer)) return fail_with(not_a_porthole(answer));
    page_ = {problem_.target, endpoint_at(reached->address), answer.certificate, answer.connect,
             answer.exchange};
    return find_stream();
  }

  // Asks each address of the host; the first that answers is the server's.
  Result<Reached, Fault> knock() {
    const Target& target = problem_.target;
    const auto addresses = approach_.proxy ? resolve(approach_.proxy->host, approach_.proxy->port, deadline_)
                                           : resolve(target.host, target.port, deadline_);
    if (!addresses) return fail(addresses.error());
    problem_.address = addresses->front();
    return race<Reached>(
        *addresses, deadline_,
        [&](const SocketAddress& address, const Deadline& until) -> Result<Reached, Fault> {
          auto answer = ask(endpoint_at(address), {"GET", "/healthz", target.authority(), {}, {}}, until);
          if (!answer) return fail(answer.error());
          return Reached{address, *std::move(answer)};
        });
  }

  Step find_stream() {
    const Target& target = problem_.target;
    const auto streams =
        ask(page_.endpoint, {"GET", "/api/v1/streams", target.authority(), {}, {}}, deadline_);
    if (!streams) return fail_with(streams.error());
    if (is_redirect(streams->status)) return follow(*streams);
    if (streams->status == 404) {
      return fail_with(
          {Reason::no_stream, "This is a server without streams, as porthole forward is one.", true});
    }
    if (streams->status != 200) return fail_with(not_a_porthole(*streams));
    const auto chosen = choose_stream(streams->body, target.stream);
    if (!chosen) return fail_with(chosen.error());
    page_.target.stream = *chosen;
    return Step::arrived;
  }

  Step follow(const HttpAnswer& answer) {
    const auto next = redirected(problem_.target, answer.header("Location"));
    if (!next) return fail_with(sent_elsewhere(answer));
    problem_.target = *next;
    return Step::redirected;
  }

  Step fail_with(Fault fault) {
    // What the certificate was is worth telling even where it ended the attempt.
    if (fault.reason == Reason::certificate && problem_.address) {
      Endpoint endpoint = endpoint_at(*problem_.address);
      endpoint.insecure = true;
      const auto stream = Stream::open(endpoint, deadline_);
      if (stream) problem_.certificate = (*stream)->certificate();
    }
    problem_.fault = std::move(fault);
    return Step::failed;
  }

  Endpoint endpoint_at(const SocketAddress& address) const {
    const Target& target = problem_.target;
    return {address, target.host, target.tls, approach_.insecure, approach_.proxy, target.authority()};
  }

  const Approach& approach_;
  Deadline deadline_;
  PageFault problem_;  // Where we are, and what is wrong once something is.
  Page page_;
};

}  // namespace

Result<std::string, Fault> choose_stream(std::string_view json, const std::string& wanted) {
  const Json list = parse_json(json);
  if (!list.is_array()) return fail(Fault{Reason::bad_answer, "The list of streams is no JSON array.", true});
  std::string live, any, names;
  std::size_t listed = 0;
  for (const Json& stream : list) {
    const std::string name = text_field(stream, "name");
    const auto targets = parse_url("http://host/" + name);
    if (!targets || targets->front().stream != name || name.empty()) continue;
    if (name == wanted) return name;
    if (any.empty()) any = name;
    if (live.empty() && text_field(stream, "state") == "live") live = name;
    if (listed++ < kMaxListed) names += (names.empty() ? "" : ", ") + name;
  }
  if (wanted.empty() && !any.empty()) return live.empty() ? any : live;
  const std::string there_are = names.empty() ? "no streams." : "these streams: " + names + ".";
  return fail(Fault{
      Reason::no_stream,
      (wanted.empty() ? "" : "There is no stream " + wanted + ". ") + "The server has " + there_are, true});
}

Result<Page, PageFault> open_page(const Target& target, const Approach& approach, const Deadline& deadline) {
  return Visit(target, approach, deadline).run();
}

}  // namespace porthole::check
