// Bytes that OpenSSL holds, counted by allocators of our own, which it accepts before it has used its own.
#pragma once

#include <malloc.h>
#include <openssl/crypto.h>

#include <cstdlib>

namespace porthole::crypto::test {

inline std::size_t openssl_bytes = 0;

inline void* counted_malloc(std::size_t size, const char*, int) {
  void* const block = std::malloc(size);
  openssl_bytes += malloc_usable_size(block);
  return block;
}
inline void counted_free(void* block, const char*, int) {
  openssl_bytes -= malloc_usable_size(block);
  std::free(block);
}
inline void* counted_realloc(void* block, std::size_t size, const char*, int) {
  openssl_bytes -= malloc_usable_size(block);
  void* const moved = std::realloc(block, size);
  openssl_bytes += malloc_usable_size(moved);
  return moved;
}
inline const bool counting = CRYPTO_set_mem_functions(counted_malloc, counted_realloc, counted_free) == 1;

}  // namespace porthole::crypto::test
