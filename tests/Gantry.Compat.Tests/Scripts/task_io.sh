# Where the output of tasks and of further processes goes.
ctr image pull --plain-http "$IMAGE" >/dev/null
stopped() { for i in $(seq 100); do ctr task ls | grep -q "$1.*STOPPED" && return; sleep 0.1; done; echo "$1 does not stop"; }

# containerd's shim gives up what it has not yet copied when the task is removed.
lines() { for i in $(seq 100); do [ "$(wc -l <"$1")" -ge "$2" ] && return; sleep 0.1; done; echo "$1 has not $2 lines"; }

# To a file, which is added to.
ctr run -d --log-uri "file://$WORK/logs/i1" "$IMAGE" i1 sh -c 'echo out; echo err >&2; exit 4'; echo "run: $?"
stopped i1; lines "$WORK/logs/i1" 2; ctr task rm i1 >/dev/null 2>&1; echo "rm: $?"
sort "$WORK/logs/i1"; stat -c '%a' "$WORK/logs/i1"
ctr task start -d --log-uri "file://$WORK/logs/i1" i1; echo "start: $?"
stopped i1; lines "$WORK/logs/i1" 4; ctr task rm i1 >/dev/null 2>&1
sort "$WORK/logs/i1"; ctr container rm i1

# To nowhere.
ctr run --rm --null-io "$IMAGE" i2 sh -c 'head -c 1000000 /dev/zero; exit 5'; echo "exit: $?"

# To FIFOs in a directory of one's own, which is empty afterwards.
mkdir "$WORK/fifos"
ctr run --rm --fifo-dir "$WORK/fifos" "$IMAGE" i3 sh -c 'echo through a FIFO; exit 6'; echo "exit: $?"
ls -A "$WORK/fifos"

# Its process id to a file.
ctr run -d --pid-file "$WORK/pid" "$IMAGE" i4 sleep 1000; echo "run: $?"
ctr task ls | awk '$1 == "i4" { print $2 }' | cmp - <(cat "$WORK/pid"; echo); echo "the same: $?"

# Of a further process, to a file.
ctr task exec --exec-id e1 --log-uri "file://$WORK/logs/e1" i4 sh -c 'echo from the exec; exit 7'; echo "exit: $?"
cat "$WORK/logs/e1"
ctr task exec --exec-id e2 --fifo-dir "$WORK/fifos" i4 sh -c 'echo through a FIFO; exit 8'; echo "exit: $?"
yes | head -c 300000 | ctr task exec --exec-id e3 i4 wc -c; echo "exit: ${PIPESTATUS[2]}"
ctr task exec --exec-id e4 i4 sh -c 'echo early; exec >&- 2>&-; exit 9'; echo "exit: $?"
ctr task kill -s SIGKILL i4; stopped i4; ctr task rm i4 >/dev/null 2>&1; ctr container rm i4

# What is no place for output.
ctr run -d --log-uri "odd://x" "$IMAGE" i5 true >/dev/null 2>&1; echo "no such scheme: $?"
ctr run -d --log-uri "binary:///no/such/program" "$IMAGE" i6 true >/dev/null 2>&1; echo "no such program: $?"
ctr task ls; ctr container rm i5 i6 2>&1 | wc -l
ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
