# A container in the background: list, exec, processes, pause, metrics, kill, remove.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr run -d "$IMAGE" d1 sleep 1000; echo "up: $?"
ctr task ls
ctr container ls
ctr task exec --exec-id x1 d1 echo in there; echo "exit: $?"
ctr task exec --exec-id x2 d1 sh -c 'exit 9'; echo "exit: $?"
echo to exec | ctr task exec --exec-id x3 d1 cat; echo "exit: $?"
ctr task exec --exec-id x4 --user 65534 --cwd /tmp d1 sh -c 'id -u; pwd'; echo "exit: $?"
ctr task exec -d --exec-id x5 d1 sleep 500; echo "exit: $?"
ctr task ps d1 | awk '{ print NF }'
ctr task ps d1 | wc -l
ctr task pause d1; ctr task ls
ctr task resume d1; ctr task ls
ctr task metrics d1 | awk '{ print $1 }' | grep -E '^(ID|TIMESTAMP|METRIC|memory.usage_in_bytes|memory.limit_in_bytes|cpuacct.usage|pids.current|pids.limit)'
ctr task kill -s SIGTERM d1; echo "SIGTERM to a sleeping init: $?"
ctr task ls
ctr task kill -s SIGKILL d1; echo "kill: $?"
for i in $(seq 50); do ctr task ls | grep -q 'd1.*STOPPED' && break; sleep 0.1; done
ctr task ls
ctr task rm d1; echo "exit: $?"
ctr task ls
ctr container rm d1; echo "rm: $?"
ctr container ls; ctr snapshots ls | grep -c '^d1'
ctr image rm "$IMAGE" --sync >/dev/null
