#include "server/pages.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <string>

#include "server/assets.hpp"

namespace porthole::server {
namespace {

struct MediaType {
  std::string_view suffix;
  const char* type;
};
constexpr std::array<MediaType, 4> kMediaTypes{{{".html", "text/html; charset=utf-8"},
                                                {".css", "text/css; charset=utf-8"},
                                                {".js", "text/javascript; charset=utf-8"},
                                                {".svg", "image/svg+xml"}}};

// The pages load nothing from elsewhere and run nothing inline.
constexpr const char* kContentPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; base-uri 'none'; form-action 'none'";

const Asset* find_asset(std::string_view path) {
  const auto all = assets();
  const auto found = std::ranges::find(all, path, &Asset::path);
  return found == all.end() ? nullptr : &*found;
}

const char* media_type(std::string_view path) {
  for (const MediaType& entry : kMediaTypes) {
    if (path.ends_with(entry.suffix)) return entry.type;
  }
  return "application/octet-stream";
}

// A name for the content, so that browsers need not load again what they have: FNV-1a, as no adversary
// chooses our own files.
std::string entity_tag(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325U;
  for (const char c : bytes) hash = (hash ^ static_cast<std::uint8_t>(c)) * 0x100000001b3U;
  std::array<char, 24> text{};
  const int size =
      std::snprintf(text.data(), text.size(), "\"%016llx\"", static_cast<unsigned long long>(hash));
  return {text.data(), static_cast<std::size_t>(size)};
}

HttpResponse asset_reply(const HttpRequest& request, const Asset& asset, int status) {
  const std::string tag = entity_tag(asset.bytes);
  HttpResponse response;
  response.status = status;
  response.headers = {
      {"Content-Type", media_type(asset.path)},
      {"ETag", tag},
      {"Cache-Control", "no-cache"},  // Kept, but asked for each time whether it is still current.
      {"Content-Security-Policy", kContentPolicy},
      {"X-Content-Type-Options", "nosniff"},
      {"Referrer-Policy", "no-referrer"}};
  if (status == 200 && request.header("If-None-Match") == tag) {
    response.status = 304;
    return response;
  }
  response.body = asset.bytes;
  return response;
}

HttpResponse plain_reply(int status, std::string text) {
  return {status, {{"Content-Type", "text/plain; charset=utf-8"}}, std::move(text)};
}

}  // namespace

HttpResponse page_reply(const HttpRequest& request, const std::function<bool(std::string_view)>& is_stream) {
  if (request.method != "GET" && request.method != "HEAD") {
    HttpResponse response = plain_reply(405, "Only GET and HEAD here.\n");
    response.headers.emplace_back("Allow", "GET, HEAD");
    return response;
  }
  const std::string_view path = std::string_view(request.path).substr(1);
  if (path.empty()) return asset_reply(request, *find_asset("index.html"), 200);
  if (path == "diagnose") return asset_reply(request, *find_asset("diagnose.html"), 200);
  if (path == "favicon.ico") return asset_reply(request, *find_asset("assets/favicon.svg"), 200);
  if (const Asset* asset = path.starts_with("assets/") ? find_asset(path) : nullptr) {
    return asset_reply(request, *asset, 200);
  }
  if (path.find('/') != std::string_view::npos) return plain_reply(404, "There is nothing here.\n");
  // The page itself says, in words, that a stream does not exist.
  return asset_reply(request, *find_asset("viewer.html"), is_stream(path) ? 200 : 404);
}

}  // namespace porthole::server
