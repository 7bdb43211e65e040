# Running to the end: output, exit codes, and nothing left.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr run --rm "$IMAGE" r1 echo hello world; echo "exit: $?"
ctr run --rm "$IMAGE" r2 sh -c 'echo out; echo err >&2; exit 42' 2>&1 | sort; echo "exit: ${PIPESTATUS[0]}"
ctr run --rm --env A=B --env C='d e' --cwd /tmp "$IMAGE" r3 sh -c 'echo "$A/$C"; pwd'; echo "exit: $?"
ctr run --rm --read-only "$IMAGE" r5 sh -c 'touch /x'; echo "exit: $?"
ctr run --rm --mount type=bind,src=/etc,dst=/mnt/etc,options=rbind:ro "$IMAGE" r6 ls /mnt/etc/hostname; echo "exit: $?"
ctr run --rm --memory-limit 67108864 "$IMAGE" r7 true; echo "exit: $?"
ctr run --rm "$IMAGE" r8 sh -c 'kill -9 $$'; echo "exit: $?"
(sleep 1; echo from stdin) | ctr run --rm "$IMAGE" r9 cat; echo "exit: $?"
ctr run --rm "$IMAGE" r10 sh -c 'head -c 3000000 /dev/zero' | wc -c
ctr run --rm "$IMAGE" r11 sh -c 'cat /proc/self/status | grep -E "^(Cap|NoNewPrivs|Seccomp:)"; ulimit -n; hostname | wc -l'; echo "exit: $?"
ctr run --rm "$IMAGE" r12 sh -c 'ls /dev | sort; mount | cut -d" " -f3 | sort'; echo "exit: $?"
ctr run --rm --null-io "$IMAGE" r13 echo nothing; echo "exit: $?"
ctr run --rm --snapshotter native "$IMAGE" r14 echo native; echo "no snapshot for it: $?"
ctr task ls; ctr container ls; ctr snapshots ls | grep -c '^r[0-9]'
ctr image rm "$IMAGE" --sync >/dev/null
