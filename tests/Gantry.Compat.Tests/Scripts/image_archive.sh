# Images out into archives and in again.
cd "$WORK"
names() { ctr image ls | awk '{ print $1, $2, $3 }' | sed "s/import-[0-9-]*/import-DATE/" | sort; }
clear() { for image in $(ctr image ls -q); do ctr image rm "$image" --sync >/dev/null; done; }
for image in "$LAYERED_IMAGE" "$INDEX_IMAGE" "$DOCKER_IMAGE"; do
  ctr image pull --plain-http --all-platforms "$image" >/dev/null; echo "pull: $?"
done
ctr image export one.tar "$LAYERED_IMAGE"; echo "export: $?"
ctr image export two.tar "$LAYERED_IMAGE" "$DOCKER_IMAGE"; echo "export two: $?"
ctr image export --all-platforms all.tar "$INDEX_IMAGE"; echo "export all: $?"
ctr image export --platform linux/arm64 arm.tar "$INDEX_IMAGE"; echo "export arm64: $?"
ctr image export --skip-manifest-json oci.tar "$LAYERED_IMAGE"; echo "export oci: $?"
ctr image export none.tar local/none:1; echo "no such image: $?"
for tar in one two all arm oci; do echo "$tar"; tar tf $tar.tar | sort; tar xOf $tar.tar index.json | jq -cS .; done
tar xOf two.tar manifest.json | jq -cS 'sort_by(.Config)[]'
clear
for tar in one two all arm oci; do
  ctr image import $tar.tar | sort; echo "import $tar: ${PIPESTATUS[0]}"; names; ctr snapshots ls | wc -l; clear
done
ctr image import --base-name base --index-name whole:1 --all-platforms --no-unpack all.tar; echo "whole: $?"; names
ctr snapshots ls; clear
ctr image import --digests two.tar | sort; names; clear
skopeo copy -q --src-tls-verify=false "docker://$DOCKER_IMAGE" docker-archive:docker.tar:docker.example/made:by-skopeo
ctr image import docker.tar; echo "docker: $?"; names
ctr leases rm --sync "$(ctr leases create)" >/dev/null   # collects what else was in the archive
ctr content ls -q | sort; clear
ctr image import --compress-blobs docker.tar; echo "docker, compressed: $?"; names; clear
head -c 100000 two.tar >half.tar
ctr image import half.tar >/dev/null 2>&1; echo "half: $?"; names
ctr image ls -q
for lease in $(ctr leases ls -q); do ctr leases rm --sync "$lease" >/dev/null; done
