# Pulled and pushed for one platform, for all, and with the documents of all.
state() { ctr image ls | awk '{ print $1, $2, $3, $4, $5, $6 }'; ctr image check; ctr content ls -q | sort; ctr image rm --sync $(ctr image ls -q) >/dev/null; }
ctr image pull --plain-http --platform linux/arm64 "$INDEX_IMAGE" >/dev/null; echo "arm64: $?"; state
ctr image pull --plain-http --all-platforms "$INDEX_IMAGE" >/dev/null; echo "all: $?"; state
ctr image pull --plain-http --all-metadata "$INDEX_IMAGE" >/dev/null; echo "metadata: $?"; state
ctr image pull --plain-http --platform windows/amd64 "$INDEX_IMAGE" >/dev/null; echo "none: $?"
ctr image pull --plain-http --print-chainid "$LAYERED_IMAGE" | grep chain
ctr image pull --plain-http --label a=b --max-concurrent-downloads 1 "$BUSYBOX_IMAGE" >/dev/null 2>&1; echo "bad name: $?"
ctr image pull --plain-http --all-platforms "$INDEX_IMAGE" >/dev/null
ctr image push --plain-http "$REGISTRY/pushed/all:1" "$INDEX_IMAGE" >/dev/null; echo "push all: $?"
ctr image push --plain-http --platform linux/arm64 "$REGISTRY/pushed/arm:1" "$INDEX_IMAGE" >/dev/null; echo "push arm64: $?"
for name in all arm; do skopeo inspect --raw --tls-verify=false "docker://$REGISTRY/pushed/$name:1" | sha256sum; done
ctr image push --plain-http "$REGISTRY/pushed/none:1" local/none:1; echo "no such image: $?"
for image in $(ctr image ls -q); do ctr image rm "$image" --sync; done
