# Compiler options that every target of this project shares.
add_library(porthole_options INTERFACE)
target_compile_options(porthole_options INTERFACE
  -Wall -Wextra -Wpedantic -Werror -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Wcast-align -Wold-style-cast -Wimplicit-fallthrough)
target_include_directories(porthole_options INTERFACE
  ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
if(PORTHOLE_SANITIZE)
  target_compile_options(porthole_options INTERFACE
    -fsanitize=${PORTHOLE_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  target_link_options(porthole_options INTERFACE -fsanitize=${PORTHOLE_SANITIZE})
endif()
if(PORTHOLE_SANITIZE MATCHES thread)
  # Asio's fences, which g++ warns that ThreadSanitizer does not model.
  target_compile_options(porthole_options INTERFACE -Wno-tsan)
endif()
if(PORTHOLE_FUZZ)
  # Coverage for libFuzzer in every library; only the fuzzers themselves get its main.
  target_compile_options(porthole_options INTERFACE -fsanitize=fuzzer-no-link -O1)
endif()
