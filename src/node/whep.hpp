// WHEP (draft-ietf-wish-whep): HTTP requests in, sessions and responses out.
#pragma once

#include <string>
#include <string_view>

#include "base/http.hpp"
#include "base/time.hpp"
#include "node/sessions.hpp"

namespace porthole::node {

class Whep {
 public:
  // Both are borrowed and outlive this.
  Whep(Sessions& sessions, Viewers& viewers, bool has_certificate)
      : has_certificate_(has_certificate), sessions_(sessions), viewers_(viewers) {}

  // For paths that begin with kPrefix.
  HttpResponse handle(const HttpRequest& request, Instant now);

  static constexpr std::string_view kPrefix = "/whep/";

 private:
  // A handler for one method on one of the two kinds of resource.
  struct Call {
    const HttpRequest& request;
    std::string_view broadcast;
    std::string_view session;  // Empty for the endpoint.
    Instant now;
  };
  using Handler = HttpResponse (Whep::*)(const Call&);
  struct Verb {
    std::string_view method;
    Handler endpoint;  // nullptr: 405.
    Handler session;   // nullptr: 405.
  };
  static const Verb kVerbs[];

  HttpResponse create(const Call& call);
  HttpResponse options(const Call& call);
  HttpResponse patch(const Call& call);
  HttpResponse remove(const Call& call);
  static HttpResponse not_allowed(bool endpoint);

  const bool has_certificate_;  // See NodeOptions.
  Sessions& sessions_;          // Borrowed.
  Viewers& viewers_;            // Borrowed.
};

}  // namespace porthole::node
