# What the tables of tasks need: a root filesystem, and specs.
set -e
mkdir -p "$D/rootfs/bin" "$D/rootfs/proc" "$D/rootfs/dev" "$D/rootfs/sys" "$D/rootfs/tmp" "$D/rootfs/run" "$D/rootfs/etc"
cp /bin/busybox "$D/rootfs/bin/busybox"
for name in sh sleep true cat echo head tail tty stty kill id; do ln -sf busybox "$D/rootfs/bin/$name"; done
spec() {
  local file=$1 filter=$2
  shift 2
  ctr oci spec | jq -c --arg cgroup "/calls-$(basename "$D")/CONTAINER" \
    '.process.args = $ARGS.positional | .process.env = ["PATH=/bin"] | .linux.cgroupsPath = $cgroup | '"$filter" --args -- "$@" >"$D/$file"
}
spec sleep.json . sleep 1000
spec quick.json . sh -c 'exit 7'
spec none.json . /no/such/program
spec cat.json . cat
spec tty.json '.process.terminal = true' cat
spec oom.json '.linux.resources.memory = {limit: 16777216}' sh -c 'head -c 200000000 /dev/zero | tail'
process() {
  local file=$1 filter=$2
  shift 2
  jq -c '.process | .args = $ARGS.positional | '"$filter" --args -- "$@" <"$D/sleep.json" >"$D/$file"
}
process exec-true.json . true
process exec-exit.json . sh -c 'exit 9'
process exec-sleep.json . sleep 500
process exec-none.json . /no/such/program
process exec-cat.json . cat
process exec-tty.json '.terminal = true' cat
