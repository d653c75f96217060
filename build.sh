#!/usr/bin/env bash
# Builds, tests and runs DistAttention. Needs the .NET 10 SDK and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1

usage() {
  cat <<'TXT'
usage: ./build.sh [command] [arguments]

  (none)        build Release; the program is artifacts/bin/DistAttention.Cli/release/distattn
  demo [...]    build, then run the demonstration; arguments go to `distattn demo`
  test          build, then run every test; ends with `N passed, N failed, N skipped`
  soak          build, then run the long sweeps that `test` leaves out
  simulate [...]  build, then run the engine and its storage in a simulated world of faults: --seeds N, --seed N --trace, --planted
  chaos [...]   build, then run silos of real processes under kill −9, SIGSTOP and restarts: --minutes M, --kills N, --seed N, --trace;
                or under restarts one after the other (--rolling N) and from 2 silos to 4 and back (--scale N), where no call may fail
  hosts [...]   build, then run silos on hosts of their own (network namespaces; needs root) whose links are cut: --seconds N, --fault I, --keep
  fuzz [...]    build, then try every reader of untrusted bytes with seeded mutations: --inputs N, --seed S, --target NAME, --at I, --list
  clean         delete everything that was built

  WITH_ORLEANS=true|false  build with or without the cluster; without this, what the package source has decides
TXT
}

# The cluster needs packages that a package source may not have. Restoring one project that needs them tells.
choose_mode() {
  if [[ -n "${WITH_ORLEANS:-}" ]]; then
    with_orleans=$WITH_ORLEANS
  elif dotnet restore silo/DistAttention.Silo/DistAttention.Silo.csproj -v quiet >/dev/null 2>&1; then
    with_orleans=true
  else
    with_orleans=false
    cat >&2 <<'TXT'
================================================================================
  The configured package source cannot restore Microsoft.Orleans or MessagePack.
  Going on WITHOUT THE CLUSTER (-p:WithOrleans=false): the engine, the embedded
  client and distattn are built and tested; cluster tests count as skipped.
================================================================================
TXT
  fi
  solution=DistAttention.sln
  [[ $with_orleans == true ]] || solution=DistAttention.Embedded.slnf
}

build() {
  choose_mode
  dotnet build "$solution" -c Release -p:WithOrleans="$with_orleans" -v quiet -clp:NoSummary
}

# One project at a time: tests of processes and deadlines want the machine for themselves.
run_tests() {
  local filter=$1 passed=0 failed=0 skipped=0 status=0 log
  log=$(mktemp)
  trap 'rm -f "$log"' RETURN
  dotnet test "$solution" -c Release --no-build -m:1 -p:WithOrleans="$with_orleans" --filter "$filter" -v quiet 2>&1 | tee "$log" || status=$?
  while read -r f p s; do
    failed=$((failed + f)) passed=$((passed + p)) skipped=$((skipped + s))
  done < <(sed -nE 's/.*Failed: *([0-9]+), Passed: *([0-9]+), Skipped: *([0-9]+).*/\1 \2 \3/p' "$log")
  if [[ $with_orleans != true ]]; then
    skipped=$((skipped + $(cluster_tests)))
  fi
  if ((passed + failed == 0)); then
    echo "No test ran." >&2
    status=1
  fi
  echo "$passed passed, $failed failed, $skipped skipped"
  return "$status"
}

# Tests of projects that are not built without Orleans.
cluster_tests() {
  local projects
  projects=$(grep -lr --include='*.Tests.csproj' '<RequiresOrleans>true' tests | xargs -r -n1 dirname)
  [[ -z $projects ]] && echo 0 && return
  grep -rhE --include='*.cs' '^ *\[(Fact|Theory)' $projects | wc -l
}

command=${1:-build}
[[ $# -gt 0 ]] && shift
case $command in
  build) build ;;
  demo)
    build
    exec artifacts/bin/DistAttention.Cli/release/distattn demo "$@"
    ;;
  test) build && run_tests 'Category!=Soak' ;;
  soak) build && run_tests 'Category=Soak' ;;
  simulate)
    dotnet build tests/DistAttention.Simulator -c Release -p:WithOrleans=false -v quiet -clp:NoSummary
    exec dotnet exec artifacts/bin/DistAttention.Simulator/release/simulate.dll "$@"
    ;;
  chaos)
    dotnet build tests/DistAttention.Chaos -c Release -v quiet -clp:NoSummary
    exec dotnet exec artifacts/bin/DistAttention.Chaos/release/chaos.dll "$@"
    ;;
  hosts)
    dotnet build tests/DistAttention.Chaos -c Release -v quiet -clp:NoSummary
    exec dotnet exec artifacts/bin/DistAttention.Chaos/release/chaos.dll hosts "$@"
    ;;
  fuzz)
    choose_mode
    dotnet build tests/DistAttention.Fuzz -c Release -p:WithOrleans="$with_orleans" -v quiet -clp:NoSummary
    exec dotnet exec artifacts/bin/DistAttention.Fuzz/release/DistAttention.Fuzz.dll "$@"
    ;;
  clean) rm -rf artifacts ;;
  -h | --help | help) usage ;;
  *)
    echo "build.sh: unknown command '$command'" >&2
    usage >&2
    exit 2
    ;;
esac
