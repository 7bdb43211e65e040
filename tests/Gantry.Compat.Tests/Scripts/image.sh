# Images: pull, list, check, label, tag, remove.
ctr image pull --plain-http "$IMAGE" >/dev/null; echo "pull: $?"
ctr image pull --plain-http "$IMAGE" >/dev/null; echo "pull again: $?"
ctr image ls
ctr image ls -q
ctr image check
ctr image label "$IMAGE" a=b c=d | tr "," "\n" | sort
ctr image ls "labels.a==b" -q
ctr image ls "name~=busy" -q
ctr image ls "labels.a==z" -q
ctr image tag "$IMAGE" local/tagged:1
ctr image tag "$IMAGE" local/tagged:1; echo "tag again: $?"
ctr image ls -q
ctr image rm local/tagged:1; echo "rm: $?"
ctr image rm local/tagged:1; echo "rm again: $?"
ctr image rm "$IMAGE" --sync
ctr image ls -q
ctr content ls -q
ctr snapshots ls
