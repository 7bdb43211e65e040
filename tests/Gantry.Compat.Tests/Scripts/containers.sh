# Container records: create, list, filter, label, info, remove.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr container create --label app=web "$IMAGE" c1 sleep 100; echo "create: $?"
ctr container create "$IMAGE" c2 sleep 100
ctr container ls
ctr container ls -q
ctr container ls "labels.app==web" -q
ctr container ls 'id~=^c[12]$' -q
ctr container ls 'id===' -q 2>&1 | sed 's/: invalid argument: invalid argument/: invalid argument/'
ctr container label c1 tier=front | tr "," "\n" | sort
ctr container info c1 | jq -S 'del(.CreatedAt, .UpdatedAt, .Spec)'
ctr container info c1 | jq -S '.Spec'
ctr task start -d c1; ctr task ls | awk '{ print $1, $3 }'
ctr task kill -s 9 c1; for i in $(seq 50); do ctr task ls | grep -q 'c1.*STOPPED' && break; sleep 0.1; done
ctr task rm c1; echo "exit: $?"
ctr container rm c1 c2; echo "rm: $?"
ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
