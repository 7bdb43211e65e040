# Fills a root: three namespaces, two snapshotters, images, containers, leases, snapshots of each kind, labels.
set -e
mask=$(mktemp -d)
ctr image pull --plain-http "$LAYERED_IMAGE" >/dev/null
ctr image pull --plain-http --snapshotter native "$LAYERED_IMAGE" >/dev/null
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr image label "$IMAGE" tier=gold >/dev/null
ctr image tag "$IMAGE" example.com/tagged:1 >/dev/null
ctr -n other image pull --plain-http --snapshotter native "$IMAGE" >/dev/null
ctr -n other image pull --plain-http "$IMAGE" >/dev/null
ctr namespaces label other team=blue containerd.io/defaults/snapshotter=native
ctr namespaces create empty purpose=none

# Content with labels, and leases.
digest=$(ctr content ls -q | head -n 1)
ctr content label "$digest" checked=yes >/dev/null
ctr leases create --id keep purpose=test >/dev/null
ctr leases create --id flat containerd.io/gc.flat=true >/dev/null
ctr leases create --id later --expires 48h >/dev/null
ctr -n other leases create --id keep >/dev/null

# Containers that have run, that have not, and of both snapshotters.
ctr run "$IMAGE" ran sh -c 'echo written >/kept; ln -s kept /link'
ctr run --snapshotter native "$LAYERED_IMAGE" rannative sh -c 'echo native >/kept'
ctr container create --label app=web --label tier=front --env A=b "$LAYERED_IMAGE" made echo made
ctr -n other container create "$IMAGE" made echo other
ctr run -d "$IMAGE" stopped sleep 1000
ctr task kill -s SIGKILL stopped
for i in $(seq 100); do ctr task ls | grep -q 'stopped.*STOPPED' && break; sleep 0.1; done
ctr task rm stopped || true
ctr run -d "$IMAGE" live sleep 1000

# Snapshots of each kind.
for s in overlayfs native; do
  ctr snapshots --snapshotter $s prepare work
  ctr snapshots --snapshotter $s label work k=v >/dev/null
  ctr snapshots --snapshotter $s mounts "$mask" work >/dev/null
  ctr snapshots --snapshotter $s commit base work
  ctr snapshots --snapshotter $s prepare active base >/dev/null
  ctr snapshots --snapshotter $s view look base >/dev/null
  ctr snapshots --snapshotter $s label look containerd.io/gc.root=true >/dev/null
  ctr snapshots --snapshotter $s prepare alone >/dev/null
done
rmdir "$mask"
