# Everything comes from Debian 12; docs/decisions says why each is here.
find_package(OpenSSL 3.0 REQUIRED)
find_package(Boost 1.74 REQUIRED)
find_package(Threads REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(FFMPEG REQUIRED IMPORTED_TARGET
  libavformat libavcodec libavutil libswscale libavdevice)
if(PORTHOLE_TESTS)
  find_package(GTest REQUIRED)
endif()
# Somebody else's SRTP, to be compared with.
if(PORTHOLE_TESTS OR PORTHOLE_BENCH)
  pkg_check_modules(SRTP REQUIRED IMPORTED_TARGET libsrtp2)
endif()
