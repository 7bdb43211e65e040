# What can't run says so, exits with an error, and leaves nothing running.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr run --runc-binary runc --rm "$IMAGE" e1 /no/such/program; echo "no program: $?"
ctr run --runc-binary runc --rm "$REGISTRY/none:latest" e2 true; echo "no image: $?"
ctr run --runc-binary runc --rm "$IMAGE" 'bad id' true; echo "bad id: $?"
ctr run --runc-binary runc --rm "$IMAGE" "$(printf 'x%.0s' $(seq 77))" true; echo "long id: $?"
ctr run --runc-binary runc --rm --label "k=$(printf 'x%.0s' $(seq 5000))" "$IMAGE" e3 true; echo "long label: $?"
ctr run --rm --runtime io.containerd.nosuch.v1 "$IMAGE" e4 true; echo "no runtime: $?"
ctr run --runc-binary runc -d "$IMAGE" e5 sleep 1000; echo "up: $?"
ctr run --runc-binary runc -d "$IMAGE" e5 sleep 1000; echo "again: $?"
ctr container rm e5; echo "rm while running: $?"
ctr task rm e5; echo "task rm while running: $?"
ctr task start e5; echo "start again: $?"
ctr task exec --exec-id x e5 /no/such; echo "exec no program: $?"
ctr task kill -s SIGKILL e5; echo "kill: $?"
ctr task wait e5 2>/dev/null
for i in $(seq 50); do ctr task ls | grep -q 'e5.*STOPPED' && break; sleep 0.1; done
ctr task kill e5; echo "kill stopped: $?"
ctr task exec --exec-id y e5 true; echo "exec in stopped: $?"
ctr task rm e5; echo "task rm: $?"
ctr task rm e5; echo "task rm again: $?"
ctr container rm e5; echo "rm: $?"
ctr container rm e5; echo "rm again: $?"
ctr task kill nosuch; echo "kill unknown: $?"
ctr container info nosuch; echo "info unknown: $?"
ctr task ls; ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
