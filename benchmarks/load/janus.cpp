#include "load/janus.hpp"

#include <nlohmann/json.hpp>
#include <utility>

namespace porthole::load {
namespace {

using nlohmann::json;

constexpr int kMountpoint = 1;

// An id in a reply's data, as the next part of a path; empty where there is none.
std::string id_of(const json& reply) {
  const auto data = reply.find("data");
  if (data == reply.end() || !data->is_object()) return {};
  const auto id = data->find("id");
  return id == data->end() || !id->is_number() ? std::string() : "/" + id->dump();
}

std::string text_at(const json& object, const char* first, const char* second) {
  const auto outer = object.find(first);
  if (outer == object.end() || !outer->is_object()) return {};
  const auto inner = outer->find(second);
  return inner == outer->end() || !inner->is_string() ? std::string() : inner->get<std::string>();
}

// What the core or the plugin complains of; empty where nobody does.
std::string complaint(const json& reply) {
  std::string core = text_at(reply, "error", "reason");
  if (!core.empty()) return core;
  const auto plugin = reply.find("plugindata");
  return plugin == reply.end() ? std::string() : text_at(*plugin, "data", "error");
}

}  // namespace

Janus::Janus(Poller& poller, Endpoint endpoint, check::IceCredentials ice, std::string fingerprint,
             SignallingEvents& events)
    : endpoint_(std::move(endpoint)),
      ice_(std::move(ice)),
      fingerprint_(std::move(fingerprint)),
      poller_(poller),
      events_(events) {}

void Janus::begin() {
  post(endpoint_.target, {{"janus", "create"}}, [this](const json& reply) { take_session(reply); });
}

void Janus::post(const std::string& target, json message, Next next) {
  message["transaction"] = "viewer";
  exchange(http_request("POST", target, endpoint_.address, "application/json", message.dump()),
           std::move(next));
}

void Janus::exchange(std::string request, Next next) {
  exchange_ = std::make_unique<HttpExchange>(
      poller_, endpoint_.address, std::move(request),
      [this, next = std::move(next)](const Result<HttpAnswer, std::string>& answer) {
        if (!answer) return events_.signalling_failed(answer.error());
        const json reply = json::parse(answer->body, nullptr, false);
        if (!reply.is_object()) return events_.signalling_failed("Janus answers with no JSON object.");
        const std::string wrong = complaint(reply);
        if (!wrong.empty()) return events_.signalling_failed("Janus: " + wrong);
        next(reply);
      });
}

void Janus::take_session(const json& reply) {
  session_ = endpoint_.target + id_of(reply);
  post(session_, {{"janus", "attach"}, {"plugin", "janus.plugin.streaming"}},
       [this](const json& attached) { take_handle(attached); });
}

void Janus::take_handle(const json& reply) {
  handle_ = session_ + id_of(reply);
  post(handle_, {{"janus", "message"}, {"body", {{"request", "watch"}, {"id", kMountpoint}}}},
       [this](const json&) { await_offer(); });
}

// A long poll: answered when there is something to tell.
void Janus::await_offer() {
  exchange(http_request("GET", session_ + "?maxev=1", endpoint_.address, "", ""),
           [this](const json& event) { take_event(event); });
}

void Janus::take_event(const json& event) {
  offer_ = text_at(event, "jsep", "sdp");
  if (offer_.empty()) return await_offer();
  const auto description = read_description(offer_);
  if (!description) return events_.signalling_failed(description.error());
  events_.described(*description);
}

void Janus::answer(const SocketAddress& candidate) {
  const std::string sdp = make_answer(offer_, ice_, fingerprint_, candidate);
  offer_ = {};
  post(handle_,
       {{"janus", "message"}, {"body", {{"request", "start"}}}, {"jsep", {{"type", "answer"}, {"sdp", sdp}}}},
       [](const json&) {});
}

void Janus::keep_alive() {
  post(session_, {{"janus", "keepalive"}}, [](const json&) {});
}

void Janus::end() {
  if (session_.empty()) return events_.signalling_ended();
  exchange_ = std::make_unique<HttpExchange>(
      poller_, endpoint_.address,
      http_request("POST", session_, endpoint_.address, "application/json",
                   json{{"janus", "destroy"}, {"transaction", "viewer"}}.dump()),
      [this](const Result<HttpAnswer, std::string>&) { events_.signalling_ended(); });
}

}  // namespace porthole::load
