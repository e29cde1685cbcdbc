// How many files and sockets this process may have open.
#pragma once

namespace porthole::io {

// Raises the soft limit, which is 1,024 by default and meant for programs that use select(), to the hard one.
// Best effort: what cannot be opened later is refused then.
void raise_file_limit();

}  // namespace porthole::io
