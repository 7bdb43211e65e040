# The files of an image at a directory, to be read or to be changed.
mkdir -p "$WORK/view" "$WORK/rw"
cd "$WORK"
ctr image pull --plain-http "$LAYERED_IMAGE" >/dev/null; echo "pull: $?"
ctr image mount "$LAYERED_IMAGE" "$WORK/view" | sed "s,$WORK,WORK,"; echo "mount: ${PIPESTATUS[0]}"
cat view/opt/op/new
touch view/x 2>/dev/null; echo "write: $?"
ctr snapshots info "$WORK/view" | grep -E '"(Kind|Parent)"'
ctr leases ls -q | sed "s,$WORK,WORK,"
ctr image mount "$LAYERED_IMAGE" "$WORK/none" >/dev/null 2>&1; echo "no directory: $?"
ctr leases ls -q | sed "s,$WORK,WORK,"
ctr image mount --rw "$LAYERED_IMAGE" "$WORK/rw" >/dev/null; echo "mount rw: $?"
echo changed >rw/opt/op/new; cat rw/opt/op/new view/opt/op/new
ctr snapshots info "$WORK/rw" | grep -E '"(Kind|Parent)"'
ctr image unmount "$WORK/rw" | sed "s,$WORK,WORK,"
ls rw
ctr snapshots ls | grep -c "$WORK"
ctr image unmount --rm "$WORK/rw" | sed "s,$WORK,WORK,"
ctr image unmount --rm "$WORK/view" | sed "s,$WORK,WORK,"
ctr image unmount --rm "$WORK/view" 2>&1 | sed "s,$WORK,WORK,"; echo "again: ${PIPESTATUS[0]}"
ctr snapshots ls | grep -c "$WORK"
ctr image mount local/none:1 "$WORK/view"; echo "no such image: $?"
for lease in $(ctr leases ls -q); do ctr leases rm "$lease" >/dev/null; done
ctr image rm --sync "$LAYERED_IMAGE"
ctr snapshots ls
