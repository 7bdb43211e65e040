# What the benchmarks share; they source it from the root of the project. It finds the published programs, and makes a
# directory, $work, that is removed at the end, when what is in pids has been ended too. A benchmark with more to clean up
# defines a function before_cleanup.
export PATH="${GANTRY_BIN:-$PWD/out}:$PATH"

work=$(mktemp -d "${TMPDIR:-/tmp}/gantry-bench.XXXXXX")
pids=()
cleanup() {
  local code=$?
  trap - EXIT
  ! declare -F before_cleanup >/dev/null || before_cleanup
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  rm -rf "$work"
  exit "$code"
}
trap cleanup EXIT

# Debian's containerd below $work/c, serving on $work/c/d.sock.
start_containerd() {
  mkdir "$work/c"
  cat >"$work/c/config.toml" <<TOML
version = 2
root = "$work/c/root"
state = "$work/c/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$work/c/d.sock"
TOML
  serve_containerd
  await_daemon c
}

# gantryd below $work/g, serving on $work/g/d.sock: start_gantryd [LINE OF ITS CONFIGURATION ...]
start_gantryd() {
  mkdir "$work/g"
  printf '%s\n' "version = 2" "$@" >"$work/g/config.toml"
  serve_gantryd
  await_daemon g
}

# The same daemons once more, after they were ended; these do not wait until they answer.
serve_containerd() {
  containerd -c "$work/c/config.toml" >>"$work/c/log" 2>&1 &
  containerd_pid=$!
  pids+=("$containerd_pid")
}

serve_gantryd() {
  gantryd -c "$work/g/config.toml" --root "$work/g/root" --state "$work/g/state" -a "$work/g/d.sock" >>"$work/g/log" 2>&1 &
  gantryd_pid=$!
  pids+=("$gantryd_pid")
}

await_daemon() { # c or g, seconds between two tries
  timeout 60 bash -c "until ctr -a $work/$1/d.sock version >/dev/null 2>&1; do sleep ${2:-0.1}; done"
}

# A registry with an image of busybox, whose name is then in $image; its layout is $work/layout:latest.
start_registry() {
  eng/busybox-image.sh "$work/layout" latest >/dev/null 2>&1
  local port
  port=$(shuf -i 20000-40000 -n 1)
  printf 'version: 0.1\nstorage: {filesystem: {rootdirectory: %s}}\nhttp: {addr: "127.0.0.1:%s"}\nlog: {level: error}\n' \
    "$work/registry" "$port" >"$work/registry.yml"
  docker-registry serve "$work/registry.yml" >/dev/null 2>&1 &
  pids+=($!)
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.1; done
  image=127.0.0.1:$port/busybox:latest
  skopeo copy --quiet --dest-tls-verify=false "oci:$work/layout:latest" "docker://$image"
}

# The median of the numbers, one a line, of a file.
median() { sort -n "$1" | awk '{ v[NR] = $1 } END { print (v[int((NR + 1) / 2)] + v[int(NR / 2) + 1]) / 2 }'; }

run_bench() { # MODE ARGUMENT ...
  dotnet build bench/Gantry.Bench -c Release -v q -p:RunAnalyzers=false >/dev/null
  artifacts/bin/Gantry.Bench/release/Gantry.Bench "$@"
}
