# Differences of snapshots: what a changed snapshot becomes as a layer, as tar lists it.
ctr image pull --plain-http "$LAYERED_IMAGE" >/dev/null
top=$(ctr snapshots ls | awk 'NR > 1 { name[$1] = 1; parent[$2] = 1 } END { for (n in name) if (!(n in parent)) print n }')
root="$WORK/root"
mkdir "$root"
list() { tar -tv --numeric-owner | sed -E '/\.wh\./s/ [0-9]+-[0-9]+-[0-9]+ [0-9:]+ / TIME /'; }
change() { eval "$(ctr snapshots mounts "$root" "$1")"; (cd "$root" && eval "$2"); umount "$root"; }
ctr snapshots prepare work "$top" >/dev/null
ctr snapshots diff work | gunzip | list; echo "nothing: ${PIPESTATUS[0]}"
change work '
  mkdir -p new/deep/er; echo 1 >new/deep/er/file; chmod 4751 new/deep/er/file; chown 1234:3000000 new/deep
  ln new/deep/er/file new/link; ln -s ../target new/symlink; mkfifo new/fifo; mknod new/device c 1 3
  setfattr -n user.kept -v no new/fifo 2>/dev/null; truncate -s 3M new/sparse; touch "new/with space" new/ünïcode
  touch new/$(printf "%0120d" 7); setcap cap_net_raw+ep new/deep/er/file
  first=$(find . -type f | sort | head -1); rm "$first"; touch -d "2022-02-02 02:02:02 UTC" "$(dirname "$first")"
  dir=$(find . -mindepth 1 -maxdepth 1 -type d ! -name new | sort | tail -1); chmod 1777 "$dir"
  find new "$dir" -exec touch -h -d "2022-02-02 02:02:02 UTC" {} +'
for type in tar tar+gzip; do
  ctr snapshots diff --media-type application/vnd.oci.image.layer.v1.$type work >"$WORK/layer"; echo "$type: $?"
  head -c 2 "$WORK/layer" | od -An -tx1
  (zcat -f "$WORK/layer") | list
done
zcat -f "$WORK/layer" | tar -xf - --xattrs --xattrs-include=* -C "$WORK" new/deep/er/file; getcap "$WORK/new/deep/er/file" | sed "s#.*/new#new#"
ctr snapshots commit changed work
ctr snapshots diff "$top" changed | gunzip | list
ctr snapshots diff changed "$top" | gunzip | list | grep wh
ctr snapshots prepare again changed >/dev/null
change again 'rm -r new; mkdir new; echo 2 >new/other; find new -exec touch -h -d "2022-02-02 02:02:02 UTC" {} +'
ctr snapshots diff again | gunzip | list
change again 'echo kept >new/kept'
ctr snapshots diff --keep --ref my-ref --label a=b again | sha256sum >"$WORK/sum"; echo "keep: ${PIPESTATUS[0]}"
ctr content ls | grep -c a=b
ctr content ls | grep a=b | tr ', ' '\n' | grep -c containerd.io/uncompressed
ctr content ls | awk '/a=b/ { print $1 }' | xargs -r ctr content rm >/dev/null
ctr snapshots diff --media-type application/x.unknown work; echo "media type: $?"
ctr snapshots diff nowhere; echo "no such snapshot: $?"
ctr snapshots rm again changed; echo "rm: $?"
ctr image rm "$LAYERED_IMAGE" --sync >/dev/null
