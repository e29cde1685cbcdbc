// What the sub-commands share: exit statuses, complaints, and options that several of them have.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <porthole/basics.hpp>
#include <porthole/limits.hpp>
#include <string>
#include <vector>

namespace porthole::app {

// sysexits would say more, but three values are what scripts remember.
enum ExitStatus { kDone = 0, kFailed = 1, kBadUsage = 2 };

// One line on standard error; returns `status`.
int complain(const std::string& message, ExitStatus status);
int complain(const Error& error);

// Parses, prints help or a complaint where that is what is called for, and otherwise calls `run`.
int run_command(CLI::App& app, int argc, const char* const* argv, const std::function<int()>& run);

// --port, --listen, --advertise and --trust-proxy.
struct PortOptions {
  std::uint16_t* port;
  std::vector<std::string>* listen;
  std::vector<std::string>* advertise;
  std::vector<std::string>* trust_proxy;
};
void add_port_options(CLI::App& app, const PortOptions& options, const std::string& advertise_help);
// --tls-cert and --tls-key.
void add_tls_options(CLI::App& app, std::string& certificate_file, std::string& key_file);
// --workers
void add_workers(CLI::App& app, std::size_t& workers);
void add_limit_options(CLI::App& app, Limits& limits);
void add_log_level(CLI::App& app, LogLevel& level);
void add_config_file(CLI::App& app, const std::string& example);

// Reads secrets, one a line; empty lines and those that begin with # are none. Empty on success, otherwise
// what is wrong.
std::string read_secrets(const std::string& file, std::vector<std::string>& secrets);

// The sub-commands: exit statuses.
int serve(int argc, const char* const* argv, bool is_named);
int forward(int argc, const char* const* argv);
int ice_servers(int argc, const char* const* argv);
int check(int argc, const char* const* argv);

}  // namespace porthole::app
