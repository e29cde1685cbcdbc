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

// Asks each address of the host; the first that answers is the server's.
Result<Reached, Fault> knock(const Target& target, bool insecure, const Deadline& deadline,
                             std::optional<SocketAddress>& tried) {
  const auto addresses = resolve(target.host, target.port, deadline);
  if (!addresses) return fail(addresses.error());
  tried = addresses->front();
  return race<Reached>(*addresses, deadline,
                       [&](const SocketAddress& address, const Deadline& until) -> Result<Reached, Fault> {
                         auto answer = ask({address, target.host, target.tls, insecure},
                                           {"GET", "/healthz", target.authority(), {}, {}}, until);
                         if (!answer) return fail(answer.error());
                         return Reached{address, *std::move(answer)};
                       });
}

Result<std::string, Fault> ask_for_stream(const Target& target, const Endpoint& endpoint,
                                          const Deadline& deadline) {
  const auto streams = ask(endpoint, {"GET", "/api/v1/streams", target.authority(), {}, {}}, deadline);
  if (!streams) return fail(streams.error());
  if (streams->status == 404) {
    return fail(
        Fault{Reason::no_stream, "This is a server without streams, as porthole forward is one.", true});
  }
  if (streams->status != 200) return fail(not_a_porthole(*streams));
  return choose_stream(streams->body, target.stream);
}

// What the certificate was is worth telling even where it ended the attempt.
std::optional<CheckedCertificate> certificate_of(const Target& target, const SocketAddress& address,
                                                 const Deadline& deadline) {
  const auto stream = Stream::open({address, target.host, true, true}, deadline);
  return stream ? (*stream)->certificate() : std::nullopt;
}

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

Result<Page, PageFault> open_page(const Target& target, bool insecure, const Deadline& deadline) {
  PageFault problem{{}, target, std::nullopt, std::nullopt};
  for (int hop = 0; hop <= kMaxRedirects; ++hop) {
    const Target& at = problem.target;
    auto reached = knock(at, insecure, deadline, problem.address);
    if (!reached) {
      problem.fault = reached.error();
      if (problem.fault.reason == Reason::certificate) {
        problem.certificate = certificate_of(at, *problem.address, deadline);
      }
      return fail(problem);
    }
    const HttpAnswer& answer = reached->answer;
    problem.address = reached->address;
    problem.certificate = answer.certificate;
    if (is_redirect(answer.status)) {
      const auto next = redirected(at, answer.header("Location"));
      problem.fault = sent_elsewhere(answer);
      if (!next) return fail(problem);
      problem.target = *next;
      continue;
    }
    problem.fault = not_a_porthole(answer);
    if (!is_porthole(answer)) return fail(problem);
    Page page{at,
              {reached->address, at.host, at.tls, insecure},
              answer.certificate,
              answer.connect,
              answer.exchange};
    const auto stream = ask_for_stream(at, page.endpoint, deadline);
    problem.fault = stream ? Fault{} : stream.error();
    if (!stream) return fail(problem);
    page.target.stream = *stream;
    return page;
  }
  problem.fault = {Reason::bad_answer, "The server sends us round in circles.", true};
  return fail(problem);
}

}  // namespace porthole::check
