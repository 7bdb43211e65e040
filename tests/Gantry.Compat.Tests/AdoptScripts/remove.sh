# Removes everything.
set -e
for n in default other; do
  export CONTAINERD_NAMESPACE=$n
  for c in $(ctr container ls -q); do ctr container rm "$c"; done
  for l in $(ctr leases ls -q); do ctr leases rm --sync "$l" >/dev/null; done
  for s in overlayfs native; do
    for k in active look alone base; do
      if ctr snapshots --snapshotter $s info $k >/dev/null 2>&1; then ctr snapshots --snapshotter $s rm $k; fi
    done
  done
  for i in $(ctr image ls -q); do ctr image rm --sync "$i" >/dev/null; done
  ctr snapshots ls
  ctr snapshots --snapshotter native ls
  ctr content ls -q
done
