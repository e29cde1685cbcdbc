// A viewer's browser: posts a real browser's offer, climbs to the server by ICE and TURN as that browser
// does, and watches. Chromium binds channels and nominates what works; Firefox does neither (browser-facts).
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "ice_client.hpp"
#include "simulation.hpp"
#include "turn_client.hpp"
#include "video_receiver.hpp"

namespace porthole::sim {

enum class Engine { chromium, firefox };

class SimulatedBrowser {
 public:
  struct Options {
    Engine engine = Engine::chromium;
    // As in the page's URL: "direct", "ice-tcp", "turn-udp", "turn-tcp", or empty, which races all but TURN
    // over UDP.
    std::string path = "direct";
    LinkQuality link{};
    IpAddress ip{};  // Of its NAT; 0.0.0.0 for a new one.
    // Name of a file in tests/data/offers; empty for the engine's usual one.
    std::string offer{};
    // In place of the offer's a=setup; empty to leave it.
    std::string setup{};
    // No check ever leaves: a firewall, or a client that only wanted to take room.
    bool never_checks = false;
    bool ignores_dtls = false;
    bool claims_other_certificate = false;
    bool forgets_turn_password = false;
  };

  SimulatedBrowser(Simulation& simulation, Options options);
  SimulatedBrowser(const SimulatedBrowser&) = delete;
  SimulatedBrowser& operator=(const SimulatedBrowser&) = delete;
  ~SimulatedBrowser();

  void join();
  // DELETE, then what pc.close() does.
  void leave();
  // pc.close() without DELETE: a tab that is closed.
  void close_tab();
  // Gone without a word: no packet in or out from now on, TCP connections stay as they are.
  void fall_silent();
  // The NAT gives the direct socket another address.
  void rebind_nat();
  // New ICE credentials by PATCH, because of a new network or for no reason.
  enum class Network { changed, same };
  void restart_ice(Network network = Network::changed);
  // Of its sockets, from now on.
  void set_link(const LinkQuality& link);
  // A TCP connection ends; it does not notice.
  void break_turn_connection();
  void break_ice_connection();
  void send_picture_losses(int times);

  // Sees every datagram, or message of a stream, that leaves.
  std::function<void(Bytes)> on_sent;

  bool is_playing() const { return video_ != nullptr && video_->count().frames > 0; }
  const VideoReceiver& video() const { return *video_; }
  VideoReceiver& video() { return *video_; }
  const IceClient& ice() const { return *ice_; }
  TurnClient* turn() { return turn_.get(); }
  VideoCodec codec() const { return format_.codec; }
  const crypto::DtlsSession* dtls() const { return dtls_.get(); }

  int join_status() const { return join_status_; }
  const std::string& session_url() const { return location_; }
  const std::string& etag() const { return etag_; }
  const SocketAddress& direct_address() const { return direct_address_; }
  const SocketAddress& turn_address() const { return turn_address_; }
  std::size_t dtls_packets() const { return dtls_packets_; }
  // Anything but STUN that came before STUN did: Chromium closes such a socket.
  std::size_t early_packets() const { return early_packets_; }
  // SRTP that did not verify, duplicates apart.
  std::size_t bad_packets() const { return bad_packets_; }

 private:
  HttpRequest request(std::string method, std::string path) const;
  // The server's address that this browser's network leads to.
  const SocketAddress& server() const;
  bool takes_candidate(const SocketAddress& candidate) const;
  std::string make_offer();
  void on_answer(const HttpResponse& response);
  void on_restarted(const HttpResponse& response);
  void read_answer(const std::string& sdp);
  void read_ice_server(std::string_view link);
  void start_turn(const std::string& transport);
  void open_direct();
  void open_ice_tcp();
  void on_ice_tcp(Bytes bytes);
  void close_sockets();
  void later(Duration delay, std::function<void()> what);
  void add_pairs();
  void on_packet(const IcePair& pair, Bytes packet);
  void on_dtls(const IcePair& pair, Bytes datagram);
  void on_srtp(Bytes packet);
  void send(const IcePair& pair, Bytes bytes);
  void send_feedback();
  void flush_dtls(const IcePair& pair);
  void wake();
  void schedule();
  std::optional<SocketAddress> mapped(const IcePair& pair) const;

  Simulation& simulation_;  // Borrowed.
  Options options_;
  test::SeededRandom random_;
  Alarm alarm_;
  // Planned calls look here whether the browser is still there.
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);

  // Of the offer and the answer.
  IceCredentials local_;
  IceCredentials remote_;
  std::string fingerprint_;
  std::string remote_fingerprint_;
  std::vector<SocketAddress> candidates_;
  std::vector<SocketAddress> tcp_candidates_;
  bool server_is_dtls_client_ = true;
  VideoReceiver::Format format_;
  int join_status_ = 0;
  std::string location_;
  std::string etag_;
  std::optional<turn::Credentials> turn_credentials_;

  // Transport.
  SocketAddress direct_address_;
  SocketAddress tcp_address_;
  SocketAddress turn_address_;
  SocketId direct_ = SocketId::none;
  SocketId turn_udp_ = SocketId::none;
  std::optional<FiveTuple> turn_tcp_;
  std::optional<FiveTuple> ice_tcp_;
  Buffer unread_;  // Of the latter.
  std::unique_ptr<IceClient> ice_;
  std::unique_ptr<TurnClient> turn_;
  bool silent_ = false;
  bool heard_stun_ = false;
  bool heard_stun_by_tcp_ = false;

  // Media.
  std::unique_ptr<FakeDtlsSession> dtls_;
  bool dtls_started_ = false;  // As soon as there is a path.
  std::optional<crypto::SrtpSender> sender_;
  std::optional<crypto::SrtpReceiver> receiver_;
  std::unique_ptr<VideoReceiver> video_;
  std::size_t early_packets_ = 0;
  std::size_t bad_packets_ = 0;
  std::size_t dtls_packets_ = 0;
};

}  // namespace porthole::sim
