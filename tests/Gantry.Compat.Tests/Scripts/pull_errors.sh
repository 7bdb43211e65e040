# What can't be pulled says so, and leaves nothing.
ctr image pull --plain-http "$REGISTRY/none:latest" >/dev/null; echo "no repository: $?"
ctr image pull --plain-http "$REGISTRY/busybox:none" >/dev/null; echo "no tag: $?"
ctr image pull --plain-http "$REGISTRY/busybox@sha256:0000000000000000000000000000000000000000000000000000000000000000" >/dev/null; echo "no digest: $?"
ctr image ls -q
ctr content ls -q
ctr snapshots ls
