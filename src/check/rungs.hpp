// The rungs of the ladder, each tried by itself.
#pragma once

#include <porthole/check.hpp>
#include <string>
#include <vector>

#include "check/page.hpp"
#include "check/whep_session.hpp"

namespace porthole::check {

// In the order in which viewers prefer them.
std::vector<std::string> rung_names();

// Tries all of them, side by side; each has until the timeout.
std::vector<RungReport> try_rungs(const Page& page, const WhepSession& session, Duration timeout);

// The same where there is no session to reach: the WebSocket alone needs none.
std::vector<RungReport> try_rungs_without_session(const Page& page, Duration timeout);

// None of them.
std::vector<RungReport> untried_rungs(const std::string& why);

}  // namespace porthole::check
