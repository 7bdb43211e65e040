# Shows all that is there. Times are cut to 100 ns, labels are put in order, the age of blobs is left out.
tidy() {
  sed -E 's/(\.[0-9]{7})[0-9]*Z/\1Z/g; s/(\.[0-9]*[1-9])0+Z/\1Z/g; s/\.0+Z/Z/g' \
    | perl -pe 's/(\S+)(\s*)$/join(",", sort split(",", $1)) . $2/e if /=/'
}
ctr namespaces ls | tidy
for n in default other empty; do
  export CONTAINERD_NAMESPACE=$n
  echo "== $n"
  ctr image ls
  ctr image check
  ctr content ls | awk '{ print $1, $2, $NF }'
  for s in overlayfs native; do
    echo "-- $s"
    ctr snapshots --snapshotter $s ls
    ctr snapshots --snapshotter $s tree
    ctr snapshots --snapshotter $s usage
    [ $n = default ] || continue
    for k in active look; do
      ctr snapshots --snapshotter $s info $k | jq -S .
      ctr snapshots --snapshotter $s mounts /target $k
    done
  done
  ctr container ls
  for c in $(ctr container ls -q); do
    ctr container info "$c" | jq -S .
  done
  ctr task ls
  ctr leases ls
done 2>&1 | tidy
