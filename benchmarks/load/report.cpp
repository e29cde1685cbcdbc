#include "load/report.hpp"

#include <nlohmann/json.hpp>

namespace porthole::load {
namespace {

using Json = nlohmann::ordered_json;

constexpr Duration kVisibleGap = 100ms;

double milliseconds(Duration duration) {
  return std::chrono::duration<double, std::milli>(duration).count();
}

double ratio(double a, double b) {
  return b == 0 ? 0 : a / b;
}

Json percentiles(const Histogram& histogram) {
  return {{"p50", milliseconds(histogram.quantile(0.5))},
          {"p99", milliseconds(histogram.quantile(0.99))},
          {"max", milliseconds(histogram.longest())}};
}

// From the first request to what `until` says, of the viewers from `first` on that got so far.
Json join_times(const Crowd& crowd, std::size_t first, Instant Viewer::Milestones::*until) {
  Histogram times;
  for (std::size_t i = first; i < crowd.viewers().size(); ++i) {
    const Viewer::Milestones& milestones = crowd.viewers()[i]->milestones();
    if (milestones.*until != Instant{}) times.add(milestones.*until - milestones.begun);
  }
  return percentiles(times);
}

Json joins(const Crowd& crowd, std::size_t first) {
  return {{"first_packet_ms", join_times(crowd, first, &Viewer::Milestones::watching)},
          {"dtls_ms", join_times(crowd, first, &Viewer::Milestones::handshaken)},
          {"answer_ms", join_times(crowd, first, &Viewer::Milestones::answered)}};
}

Json gaps(const Histogram& histogram) {
  Json json = percentiles(histogram);
  json["over_100"] = histogram.beyond(kVisibleGap);
  json["count"] = histogram.count();
  return json;
}

Json failures(const Crowd& crowd) {
  Json json = Json::object();
  for (const auto& viewer : crowd.viewers()) {
    if (viewer->failure().empty()) continue;
    json[viewer->failure()] = json.value(viewer->failure(), 0) + 1;
  }
  return json;
}

// How many have which.
Json profiles(const Crowd& crowd) {
  std::size_t gcm = 0, cm = 0;
  for (const auto& viewer : crowd.viewers()) {
    if (viewer->profile() == crypto::SrtpProfile::aead_aes_128_gcm) ++gcm;
    if (viewer->profile() == crypto::SrtpProfile::aes128_cm_sha1_80) ++cm;
  }
  return {{"gcm", gcm}, {"cm", cm}};
}

Json window_of(const Window& window) {
  const Delivery& delivery = window.delivery;
  const auto packets = static_cast<double>(delivery.packets);
  return {
      {"seconds", window.seconds},
      {"watchers", window.watchers},
      {"packets", delivery.packets},
      {"bytes", delivery.bytes},
      {"frames", delivery.frames},
      {"packets_per_viewer_second", ratio(packets, window.seconds * static_cast<double>(window.watchers))},
      {"lost", delivery.missing},
      {"expected", delivery.expected},
      {"duplicates", delivery.duplicates},
      {"reordered", delivery.reordered},
      {"retransmissions", delivery.retransmissions},
      {"dropped_by_generator", window.socket_drops},
      {"pretended_lost", window.feedback.pretended},
      {"nacked", window.feedback.nacked},
      {"recovered", window.feedback.recovered},
      {"sender_reports", window.feedback.sender_reports},
      {"forged", window.feedback.forged},
      {"frame_gap_ms", gaps(window.frames.gaps)},
      {"frame_spread_ms", percentiles(window.frames.spreads)},
      {"server_cpu_seconds", window.server.processor_seconds},
      {"server_cpu_us_per_packet", ratio(window.server.processor_seconds * 1e6, packets)},
      {"server_waiting_seconds", window.server.waiting_seconds},
      {"generator_waiting_seconds", window.generator.waiting_seconds},
      {"generator_cpu_seconds", window.generator.processor_seconds},
      {"generator_cpu_share", ratio(window.generator.processor_seconds, window.seconds)}};
}

// Where nobody joins or leaves, what one viewer gets.
Json steady_of(const Window& window) {
  const double viewer_seconds = window.seconds * static_cast<double>(window.watchers);
  Json json = window_of(window);
  json["packets_per_viewer_second"] = ratio(static_cast<double>(window.delivery.packets), viewer_seconds);
  json["frames_per_viewer_second"] = ratio(static_cast<double>(window.delivery.frames), viewer_seconds);
  return json;
}

Json memory(const Findings& findings, std::size_t watching, std::size_t all) {
  const auto per_viewer = [&](const ProcessUsage& usage, std::size_t viewers) {
    const auto grown =
        static_cast<double>(usage.resident_bytes) - static_cast<double>(findings.before.resident_bytes);
    return viewers == 0 ? 0 : grown / static_cast<double>(viewers);
  };
  return {{"before_bytes", findings.before.resident_bytes},
          {"connected_bytes", findings.connected.resident_bytes},
          {"after_bytes", findings.after.resident_bytes},
          {"per_viewer_connected_bytes", per_viewer(findings.connected, watching)},
          {"per_viewer_bytes", per_viewer(findings.after, all)},
          {"threads", findings.after.threads}};
}

// What joining cost the server: what it used in the storm beyond what delivering as much costs without one.
Json storm_of(const Storm& storm, const Window& steady, const Crowd& crowd, std::size_t first) {
  const double packet = ratio(steady.server.processor_seconds, static_cast<double>(steady.delivery.packets));
  const double delivering = packet * static_cast<double>(storm.window.delivery.packets);
  const auto joined = static_cast<double>(storm.arrivals.asked);
  return {
      {"asked", storm.arrivals.asked},
      {"seconds", storm.arrivals.seconds},
      {"joins_per_second", ratio(joined, storm.arrivals.seconds)},
      {"server_cpu_us_per_join", ratio((storm.window.server.processor_seconds - delivering) * 1e6, joined)},
      {"join", joins(crowd, first)},
      {"window", window_of(storm.window)}};
}

}  // namespace

std::string report(const Options& options, const Crowd& crowd, const Findings& findings) {
  const std::size_t watching = crowd.count(Viewer::State::watching);
  Json json = {
      {"url", options.url},
      {"path", name_of(options.path)},
      {"asked", crowd.viewers().size()},
      {"connected", watching},
      {"failed", crowd.count(Viewer::State::failed)},
      {"failures", failures(crowd)},
      {"srtp", profiles(crowd)},
      {"joins_per_second", ratio(static_cast<double>(findings.arrivals.asked), findings.arrivals.seconds)},
      {"join", joins(crowd, 0)},
      {"window", steady_of(findings.steady)},
      {"server_memory", memory(findings, findings.steady.watchers, watching)}};
  if (findings.storm) json["storm"] = storm_of(*findings.storm, findings.steady, crowd, options.viewers);
  return json.dump(2);
}

}  // namespace porthole::load
