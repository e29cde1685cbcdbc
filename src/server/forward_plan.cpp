#include "server/forward_plan.hpp"

#include <algorithm>

#include "server/addresses.hpp"

namespace porthole::server {
namespace {

Result<node::PeerRange, Error> plan_peer(const std::string& text, const ForwarderOptions& options,
                                         const std::vector<IpAddress>& local) {
  const std::string name = "--to " + text + ": ";
  const auto range = node::PeerRange::parse(text);
  if (!range) {
    return wrong(name +
                 "write it as ADDR:PORT or ADDR:PORT-PORT with ports from 1 to 65535, an IPv6 address " +
                 "in brackets");
  }
  if (const char* why = node::why_never_a_peer(range->ip)) return wrong(name + "this is no peer: " + why);
  const bool is_here = range->ip.is_loopback() || std::ranges::find(local, range->ip) != local.end();
  if (!is_here && !options.allow_remote_peers) {
    return wrong(name +
                 "this address is not on this machine; if clients shall reach other machines through " +
                 "this one, say --allow-remote-peers");
  }
  if (is_here && options.port != 0 && range->first_port == options.port && range->last_port == options.port) {
    return wrong(name + "this is the forwarder's own --port, which is never reached: name the application's");
  }
  return *range;
}

}  // namespace

Result<ForwardPlan, Error> make_forward_plan(const ForwarderOptions& options,
                                             const std::vector<IpAddress>& local) {
  ForwardPlan plan;
  if (options.to.empty()) {
    return wrong(
        "nothing to forward to: name the application's sockets, for example --to 127.0.0.1:5000-5100");
  }
  for (const std::string& text : options.to) {
    const auto peer = plan_peer(text, options, local);
    if (!peer) return fail(peer.error());
    plan.peers.push_back(*peer);
  }
  auto listen = plan_listen(options.listen, options.port);
  if (!listen) return fail(listen.error());
  plan.listen = std::move(*listen);
  auto trusted = plan_trusted(options.trust_proxy);
  if (!trusted) return fail(trusted.error());
  plan.trusted_proxies = std::move(*trusted);
  for (const std::string& text : options.advertise) {
    if (const auto advertised = plan_advertised(text); !advertised) return fail(advertised.error());
  }
  if (options.secrets.empty()) {
    return wrong("without a secret nobody could use this server: make one with 'openssl rand -base64 32 > " +
                 std::string("secret' and give it with --secret-file secret"));
  }
  if (auto checked = check_secrets(options.secrets); !checked) return fail(checked.error());
  if (auto checked = check_workers(options.workers); !checked) return fail(checked.error());
  return plan;
}

}  // namespace porthole::server
