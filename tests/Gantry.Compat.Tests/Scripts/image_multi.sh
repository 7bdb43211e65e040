# An image of several layers, an index, and Docker's schema 2.
for image in "$LAYERED_IMAGE" "$INDEX_IMAGE" "$DOCKER_IMAGE"; do
  ctr image pull --plain-http "$image" >/dev/null; echo "pull: $?"
done
ctr image ls
ctr image check
ctr content ls -q | sort
ctr snapshots tree
for image in $(ctr image ls -q); do ctr image rm "$image" --sync; done
ctr content ls -q
ctr snapshots ls
