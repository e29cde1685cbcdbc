#include <gtest/gtest.h>

#include <cstdio>
#include <porthole/forwarder.hpp>
#include <thread>

namespace porthole {
namespace {

ForwarderOptions quiet_options() {
  ForwarderOptions options;
  options.port = 0;
  options.listen = {"127.0.0.1"};
  options.to = {"127.0.0.1:5000-5100"};
  options.secrets = {"forty characters that nobody can guess"};
  options.log_level = LogLevel::off;
  options.handle_signals = false;
  return options;
}

std::string problem(const ForwarderOptions& options) {
  auto started = Forwarder::start(options);
  const auto* error = std::get_if<Error>(&started);
  if (error == nullptr) return "";
  EXPECT_EQ(error->kind, Error::Kind::configuration);
  EXPECT_EQ(error->message.find('\n'), std::string::npos);
  return error->message;
}

std::string problem_of_peer(const std::string& peer) {
  ForwarderOptions options = quiet_options();
  options.to = {peer};
  return problem(options);
}

// The example of the header, but for the end of run().
TEST(Forwarder, IsUsedAsItsHeaderSays) {
  ForwarderOptions options = quiet_options();
  auto started = Forwarder::start(options);
  if (auto* error = std::get_if<Error>(&started)) FAIL() << error->message;
  auto& forwarder = std::get<Forwarder>(started);
  ASSERT_EQ(forwarder.urls().size(), 1U);
  EXPECT_EQ(forwarder.urls().front(), "turn:127.0.0.1:" + std::to_string(forwarder.port()));
  EXPECT_EQ(forwarder.peers(), std::vector<std::string>{"127.0.0.1:5000-5100"});
  std::thread other([&forwarder] { forwarder.stop(); });
  forwarder.run();
  other.join();
}

TEST(Forwarder, RefusesToForwardToNothing) {
  ForwarderOptions options = quiet_options();
  options.to.clear();
  EXPECT_NE(problem(options).find("--to 127.0.0.1:5000-5100"), std::string::npos);
}

TEST(Forwarder, RefusesToServeWithoutASecretAndSaysHowToMakeOne) {
  ForwarderOptions options = quiet_options();
  options.secrets.clear();
  EXPECT_NE(problem(options).find("openssl rand -base64 32"), std::string::npos);
}

TEST(Forwarder, RefusesASecretThatKeepsNobodyOut) {
  ForwarderOptions options = quiet_options();
  options.secrets = {"a secret", ""};
  EXPECT_NE(problem(options).find("empty secret"), std::string::npos);
}

TEST(Forwarder, RefusesItsOwnPortAsTheOnlyPeer) {
  ForwarderOptions options = quiet_options();
  options.port = 8443;
  options.to = {"127.0.0.1:8443"};
  EXPECT_NE(problem(options).find("own --port"), std::string::npos);
}

TEST(Forwarder, RefusesOtherMachinesUnlessItIsToldToReachThem) {
  EXPECT_NE(problem_of_peer("192.0.2.1:5000").find("--allow-remote-peers"), std::string::npos);
  EXPECT_NE(problem_of_peer("[2001:db8::1]:5000").find("--allow-remote-peers"), std::string::npos);
  ForwarderOptions options = quiet_options();
  options.allow_remote_peers = true;
  options.to = {"0.0.0.0:5000"};
  EXPECT_NE(problem(options).find("no peer"), std::string::npos);
}

TEST(Forwarder, RefusesWhatIsNeverAPeer) {
  for (const char* peer : {"224.0.0.1:5000", "255.255.255.255:5000", "[::ffff:127.0.0.1]:5000", "[::]:5000",
                           "[::7f00:1]:5000", "[64:ff9b::7f00:1]:5000", "[fe80::1]:5000"}) {
    EXPECT_NE(problem_of_peer(peer).find("this is no peer"), std::string::npos) << peer;
  }
}

TEST(Forwarder, SaysHowPeersAreWritten) {
  for (const char* peer : {"127.0.0.1", "localhost:5000", "127.0.0.1:0", "127.0.0.1:9-8", "::1:5000"}) {
    EXPECT_NE(problem_of_peer(peer).find("ADDR:PORT-PORT"), std::string::npos) << peer;
  }
}

TEST(Forwarder, NamesTheAddressesThatAreAdvertised) {
  ForwarderOptions options = quiet_options();
  options.advertise = {"[2001:db8::1]:443", "192.0.2.1"};
  auto started = Forwarder::start(options);
  ASSERT_TRUE(std::holds_alternative<Forwarder>(started));
  const auto& forwarder = std::get<Forwarder>(started);
  EXPECT_EQ(forwarder.urls(),
            (std::vector<std::string>{"turn:[2001:db8::1]:443",
                                      "turn:192.0.2.1:" + std::to_string(forwarder.port())}));
}

}  // namespace
}  // namespace porthole
