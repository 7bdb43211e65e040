# What can be done to a task, in the states in which it can and in those in which it can't.
ctr image pull --plain-http "$IMAGE" >/dev/null
stopped() { for i in $(seq 100); do ctr task ls | grep -q "$1.*STOPPED" && return; sleep 0.1; done; echo "$1 does not stop"; }
ids() { ctr task ps "$1" | awk 'NR > 1' | wc -l; }

# Before it starts.
ctr container create "$IMAGE" k1 sleep 1000; echo "create: $?"
ctr task pause k1; echo "pause without a task: $?"
ctr task kill k1; echo "kill without a task: $?"
ctr task metrics k1; echo "metrics without a task: $?"
ctr task ps k1; echo "ps without a task: $?"
ctr task exec --exec-id x0 k1 true; echo "exec without a task: $?"
ctr task rm k1; echo "rm without a task: $?"

# While it runs.
ctr task start -d k1; echo "start: $?"
ctr task start -d k1; echo "start twice: $?"
ctr task rm k1 2>&1 | sed 's/task must be stopped before deletion: //'; echo "rm of one that runs: ${PIPESTATUS[0]}"
for code in 0 1 7 255; do ctr task exec --exec-id "x$code" k1 sh -c "exit $code"; echo "exit: $?"; done
ctr task exec --exec-id y1 k1 sh -c 'kill -15 $$'; echo "killed by a signal: $?"
ctr task exec --exec-id y2 k1 no-such-program 2>&1 | grep -c 'executable file not found'; echo "no program: ${PIPESTATUS[0]}"
ctr task exec --exec-id y3 --cwd /no/such k1 true >/dev/null 2>&1; echo "no directory: $?"
ctr task exec --exec-id y4 k1 sh -c 'echo out; echo err >&2' 2>/dev/null; echo "exit: $?"
ctr task exec --exec-id y5 k1 sh -c 'head -c 200000 /dev/zero' | wc -c
ctr task exec -d --exec-id z1 k1 sleep 500; echo "detached: $?"
ctr task exec -d --exec-id z1 k1 sleep 500; echo "its id once more: $?"
ids k1
ctr task kill --exec-id z1 -s SIGTERM k1; echo "kill of the exec: $?"
ctr task kill --exec-id none k1; echo "kill of one that is none: $?"
ctr task kill -s SIGNOTHING k1; echo "no such signal: $?"
ctr task rm --exec-id z1 k1 >/dev/null 2>&1; echo "rm of the exec: $?"

# While it is paused.
ctr task pause k1; echo "pause: $?"
ctr task ls
ctr task pause k1; echo "pause twice: $?"
ctr task exec --exec-id w1 k1 true; echo "exec in one that is paused: $?"
ctr task metrics k1 >/dev/null; echo "metrics: $?"
ids k1
ctr task resume k1; echo "resume: $?"
ctr task resume k1; echo "resume of one that runs: $?"
ctr task exec --exec-id w2 k1 sh -c 'exit 3'; echo "exit: $?"

# All of its processes at once.
ctr task exec -d --exec-id a1 k1 sleep 500; ctr task exec -d --exec-id a2 k1 sleep 500
ids k1
ctr task kill --all -s SIGKILL k1; echo "kill of all: $?"
stopped k1
ctr task ls

# After it has ended.
ctr task kill k1; echo "kill of one that has ended: $?"
ctr task pause k1; echo "pause of one that has ended: $?"
ctr task exec --exec-id b1 k1 true; echo "exec in one that has ended: $?"
ctr task rm k1; echo "rm: $?"
ctr task rm k1; echo "rm twice: $?"

# Once more, in a container that was there before; its processes are the host's.
ctr task start -d k1; echo "start again: $?"
ctr task rm -f k1 >/dev/null 2>&1; echo "rm by force: $?"
ctr container rm k1; echo "container rm: $?"
ctr task ls; ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
