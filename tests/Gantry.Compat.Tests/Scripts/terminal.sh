# A terminal, driven through a pseudo-terminal.
ctr image pull --plain-http "$IMAGE" >/dev/null
on_tty() { script -qec "$1" /dev/null </dev/null 2>&1 | tr -d '\r' | sed 's/^^@//; /resize pty/d'; }
on_tty "ctr run --rm -t '$IMAGE' t1 sh -c 'tty; echo hello; exit 3'"
script -qec "ctr run --rm -t '$IMAGE' t2 sh -c 'exit 3'" /dev/null </dev/null >/dev/null; echo "exit: $?"
(sleep 1; printf 'echo typed $((6 * 7))\n'; sleep 0.5; printf 'exit 5\n'; sleep 0.5) | script -qec "ctr run --rm -t '$IMAGE' t3 sh" /dev/null | tr -d '\r' | grep '^typed'
(sleep 1; printf 'stty size; exit\n'; sleep 1) | script -qec "stty rows 33 cols 77; ctr run --rm -t '$IMAGE' t4 sh" /dev/null | tr -d '\r' | grep -x '33 77'
ctr run -d "$IMAGE" t5 sleep 1000
on_tty "ctr task exec -t --exec-id e1 t5 sh -c 'tty; exit 4'"
ctr task kill -s SIGKILL t5; for i in $(seq 50); do ctr task ls | grep -q 't5.*STOPPED' && break; sleep 0.1; done
ctr task rm t5 >/dev/null; ctr container rm t5
ctr task ls; ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
