# Images in another form: uncompressed, with OCI's media types, of one platform or of all.
show() {
  local d; d=$(ctr image ls "name==$1" | awk 'NR == 2 { print $2, $3 }'); echo "$1: $d"
}
for image in "$LAYERED_IMAGE" "$INDEX_IMAGE" "$DOCKER_IMAGE"; do
  ctr image pull --plain-http --all-platforms "$image" >/dev/null; echo "pull: $?"
done
ctr image convert --oci "$DOCKER_IMAGE" local/oci:1 >/dev/null; echo "oci: $?"; show local/oci:1
ctr image convert --uncompress "$DOCKER_IMAGE" local/plain:1 >/dev/null; echo "uncompress: $?"; show local/plain:1
ctr image convert --uncompress --oci "$LAYERED_IMAGE" local/both:1 >/dev/null; echo "both: $?"; show local/both:1
ctr image convert --uncompress --platform linux/arm64 "$INDEX_IMAGE" local/one:1 >/dev/null; echo "one platform: $?"; show local/one:1
ctr image convert --uncompress --all-platforms "$INDEX_IMAGE" local/all:1 >/dev/null; echo "all platforms: $?"; show local/all:1
ctr image convert local/none:1 local/never:1; echo "no such image: $?"
ctr image check | awk '{ $NF = ""; print }'
ctr content ls | awk 'NR > 1 { print $1, $NF }' | sort | while read -r digest labels; do
  echo "$digest $(echo "$labels" | tr ',' '\n' | sort | tr '\n' ' ')"
done
ctr run --rm local/plain:1 converted echo out of a converted image
for image in $(ctr image ls -q); do ctr image rm "$image" --sync; done
ctr content ls -q
ctr snapshots ls
