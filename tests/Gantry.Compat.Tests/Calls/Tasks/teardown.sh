# Removes what containerd leaves of tasks that could not be made: shims, and mounts.
for pid in $(pgrep -f -- "-address $D/c.sock"); do kill -9 "$pid"; done
grep -o " $D[^ ]*" /proc/mounts | tac | while read -r mount; do umount -l "$mount"; done
for id in $(ls "/run/containerd/runc/$CONTAINERD_NAMESPACE" 2>/dev/null); do
  runc --root "/run/containerd/runc/$CONTAINERD_NAMESPACE" delete -f "$id"
done
rmdir "/run/containerd/runc/$CONTAINERD_NAMESPACE" 2>/dev/null
true
