# Content: list, get, label, ingest, delete.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr content ls | awk '{ print $1, $2 }' | sort
ctr content ls | awk 'NR > 1 { print $NF }' | tr ',' '\n' | sort
ctr content ls -q | sort
manifest=$(ctr image ls | awk 'NR == 2 { print $3 }')
ctr content get "$manifest"
ctr content get "$manifest" | sha256sum
ctr content get sha256:0000000000000000000000000000000000000000000000000000000000000000; echo "unknown: $?"
ctr content get nonsense; echo "no digest: $?"
ctr content label "$manifest" x=y | tr "," "\n" | sort
ctr content ls "labels.x==y" -q
echo hello | ctr content ingest --expected-size 6 my-ref; echo "ingest: $?"
hello=sha256:$(echo hello | sha256sum | cut -d' ' -f1)
ctr content ls -q "digest==$hello"
echo hello | ctr content ingest --expected-size 6 --expected-digest "$hello" other-ref; echo "the same again: $?"
echo hello | ctr content ingest --expected-size 7 size-ref; echo "wrong size: $?"
echo hello | ctr content ingest --expected-digest sha256:0000000000000000000000000000000000000000000000000000000000000000 digest-ref; echo "wrong digest: $?"
ctr content active | awk '{ print $1, $2 }' | sort
ctr content delete "$hello"; echo "delete: $?"
ctr content delete "$hello"; echo "delete again: $?"
ctr image rm "$IMAGE" --sync >/dev/null
