#include <gtest/gtest.h>

#include <cstdio>
#include <porthole/server.hpp>
#include <thread>

namespace porthole {
namespace {

ServerOptions quiet_options() {
  ServerOptions options;
  options.port = 0;
  options.listen = {"127.0.0.1"};
  options.log_level = LogLevel::off;
  options.handle_signals = false;
  return options;
}

// The example of the header, but for its source and for the end of run().
TEST(Server, IsUsedAsItsHeaderSays) {
  ServerOptions options = quiet_options();
  options.sources.push_back({"garden", "test-pattern:"});
  auto started = Server::start(options);
  if (auto* error = std::get_if<Error>(&started)) FAIL() << error->message;
  auto& server = std::get<Server>(started);
  ASSERT_EQ(server.urls().size(), 1U);
  EXPECT_TRUE(server.urls().front().ends_with(":" + std::to_string(server.port()) + "/garden"));
  std::thread other([&server] { server.stop(); });
  server.run();
  other.join();
}

TEST(Server, TakesAPortForItself) {
  auto first = Server::start(quiet_options());
  ASSERT_TRUE(std::holds_alternative<Server>(first));
  ServerOptions options = quiet_options();
  options.port = std::get<Server>(first).port();
  auto second = Server::start(options);
  ASSERT_TRUE(std::holds_alternative<Error>(second));
  EXPECT_EQ(std::get<Error>(second).kind, Error::Kind::runtime);
  EXPECT_NE(std::get<Error>(second).message.find("in use"), std::string::npos);
}

TEST(Server, OpensNothingAfterAnError) {
  ServerOptions options = quiet_options();
  options.sources = {{"film", "/no/such/film.mp4"}};
  auto started = Server::start(options);
  ASSERT_TRUE(std::holds_alternative<Error>(started));
  EXPECT_NE(std::get<Error>(started).message.find("No such file"), std::string::npos);
}

TEST(Server, LivesBesideAnother) {
  auto first = Server::start(quiet_options());
  auto second = Server::start(quiet_options());
  ASSERT_TRUE(std::holds_alternative<Server>(first));
  ASSERT_TRUE(std::holds_alternative<Server>(second));
  EXPECT_NE(std::get<Server>(first).port(), std::get<Server>(second).port());
}

TEST(Server, SaysWhereItIsWatched) {
  ServerOptions options = quiet_options();
  options.advertise = {"[2001:db8::1]:443", "192.0.2.1"};
  auto started = Server::start(options);
  ASSERT_TRUE(std::holds_alternative<Server>(started));
  EXPECT_EQ(std::get<Server>(started).urls().front(), "http://[2001:db8::1]:443/test-pattern");
}

}  // namespace
}  // namespace porthole
