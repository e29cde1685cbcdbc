// A stack trace for every allocation is half of what a simulation costs under AddressSanitizer; what it finds
// is found without. Without the sanitizer nobody calls this.
extern "C" const char* __asan_default_options();
extern "C" const char* __asan_default_options() {
  return "malloc_context_size=1:quarantine_size_mb=16";
}
