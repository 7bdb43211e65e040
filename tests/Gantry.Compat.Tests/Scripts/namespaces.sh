# Namespaces: make, label, list, remove; one that is not empty can't be removed.
ctr namespaces create one
ctr namespaces create one; echo "again: $?"
ctr namespaces label one team=blue tier=web
ctr namespaces label one tier=
ctr namespaces ls
ctr namespaces ls -q
ctr namespaces create 'bad name'; echo "bad name: $?"
ctr namespaces create -- '-x'; echo "leading dash: $?"
ctr -n one image pull --plain-http "$IMAGE" >/dev/null; echo "pull: $?"
ctr namespaces rm one; echo "not empty: $?"
ctr -n one image rm "$IMAGE" --sync
ctr -n one content ls -q
ctr namespaces rm one; echo "empty: $?"
ctr namespaces rm one; echo "gone: $?"
ctr namespaces ls -q | grep -c '^one$'
