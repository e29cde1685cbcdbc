# shellcheck shell=bash
# What ./run and ./test share: Debian packages and builds. Source it from the top of the repository.
# Everything is said on standard error, so that standard output belongs to the program or to CTest.

say() { printf '%s\n' "$*" >&2; }

fail() {
  say "error: $*"
  exit 1
}

# The names in scripts/packages/GROUP, for each group.
packages_of() {
  local group
  for group in "$@"; do
    sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "scripts/packages/$group"
  done | sort -u
}

# Prints those of the packages that are not installed. A package that another one provides counts as missing;
# no list names such a package.
missing_packages() {
  local installed
  installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null | sed -n 's/^installed //p') || true
  comm -23 <(printf '%s\n' "$@" | sort -u) <(sort -u <<<"$installed")
}

is_debian() {
  local ID='' ID_LIKE=''
  [ -r /etc/os-release ] || return 1
  # shellcheck source=/dev/null
  . /etc/os-release
  [[ " $ID $ID_LIKE " == *" debian "* ]] && command -v apt-get >/dev/null && command -v dpkg-query >/dev/null
}

# Runs a command with the rights of root. Where nobody sits at a terminal, sudo must not wait for a password.
as_root() {
  if [ "$(id -u)" -eq 0 ]; then
    "$@"
  elif [ -t 0 ]; then
    sudo "$@"
  else
    sudo -n "$@"
  fi
}

# install_packages WHY PACKAGE...: installs what is missing, and does nothing when nothing is.
install_packages() {
  local why=$1 list log
  local -a missing
  shift
  if ! is_debian; then
    [ -n "${PORTHOLE_SKIP_PACKAGES:-}" ] && return
    fail "this script installs Debian packages, and this system is not Debian.
Install the equivalents of these yourself, then set PORTHOLE_SKIP_PACKAGES=1: $*"
  fi
  mapfile -t missing < <(missing_packages "$@")
  [ ${#missing[@]} -gt 0 ] || return 0
  list="${missing[*]}"
  say "Installing ${#missing[@]} Debian packages $why: $list"
  if [ "$(id -u)" -ne 0 ] && ! command -v sudo >/dev/null; then
    fail "installing needs root, and there is no sudo. As root: apt-get install $list"
  fi
  log=$(mktemp)
  if ! apt_install "${missing[@]}" >"$log" 2>&1; then
    cat "$log" >&2
    rm -f "$log"
    fail "apt-get could not install them (its words are above). By hand, as root: apt-get install $list"
  fi
  rm -f "$log"
}

# Package lists that are out of date are no reason to fail: the install says whether they were good enough.
# The lock is waited for, because fresh machines update themselves just after they start.
apt_install() {
  local -a apt=(env DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=300)
  as_root "${apt[@]}" update || true
  as_root "${apt[@]}" install -y --no-install-recommends "$@" </dev/null
}

# Node.js 18 and npm, from wherever they are, else Debian's.
install_node() {
  local major
  major=$(node -p 'process.versions.node.split(".")[0]' 2>/dev/null) || major=0
  if [ "$major" -lt 18 ] || ! command -v npm >/dev/null; then
    mapfile -t packages < <(packages_of node)
    install_packages "to drive browsers" "${packages[@]}"
  fi
}

# Compilers that parse Boost.Beast or Asio take over a gigabyte each: as many as there are cores, if memory allows.
build_jobs() {
  local cores gigabytes
  cores=$(nproc)
  gigabytes=$(awk '/^MemAvailable:/ { print int($2 / 1500000) }' /proc/meminfo)
  [ "$gigabytes" -ge 1 ] || gigabytes=1
  echo $((cores < gigabytes ? cores : gigabytes))
}

# configure PRESET
configure() {
  local tree="build/$1"
  mkdir -p "$tree"
  say "Configuring $tree"
  cmake --preset "$1" >"$tree/configure.log" 2>&1 ||
    show_and_fail "$tree/configure.log" "CMake could not configure $tree"
}

# build PRESET TARGET...: configures where that was never done, and builds. At a terminal Ninja draws its one line of
# progress; elsewhere there is one line if it takes long, and the whole log if it fails.
build() {
  local preset=$1 tree="build/$1"
  shift
  if [ ! -f "$tree/build.ninja" ] || [ CMakePresets.json -nt "$tree/build.ninja" ]; then
    configure "$preset"
  fi
  local -a ninja=(cmake --build "$tree" --target "$@" -j "$(build_jobs)")
  if [ -t 2 ]; then
    NINJA_STATUS="[$preset %f/%t] " "${ninja[@]}" >&2 || fail "$tree did not build (see above)"
    return
  fi
  # Nothing to build is nothing to talk about.
  (sleep 2 >/dev/null 2>&1 && say "Building $tree (a first build takes minutes; its log: $tree/build.log)") &
  local notice=$! status=0
  "${ninja[@]}" >"$tree/build.log" 2>&1 || status=$?
  kill "$notice" 2>/dev/null || true
  [ "$status" -eq 0 ] || show_and_fail "$tree/build.log" "$tree did not build"
}

show_and_fail() {
  cat "$1" >&2
  fail "$2; the whole log is above and in $1"
}
