# Events of a container's life, in order.
ctr image pull --plain-http "$IMAGE" >/dev/null
ctr events >"$WORK/events" &
watcher=$!
sleep 0.5
ctr run --rm "$IMAGE" v1 sh -c 'exit 3'
ctr run -d "$IMAGE" v2 sleep 1000
ctr task exec --exec-id x1 v2 true
ctr task pause v2; ctr task resume v2
ctr task kill -s SIGKILL v2
for i in $(seq 50); do ctr task ls | grep -q 'v2.*STOPPED' && break; sleep 0.1; done
ctr task rm v2; ctr container rm v2
sleep 0.5
kill $watcher; wait $watcher 2>/dev/null
# The exec's exit and its start are told by two sources; all else has one order.
awk '{ $1 = $2 = $3 = $4 = ""; print }' "$WORK/events" | sed -E 's/^ +//' |
  sed -E 's/"pid":[0-9]+/"pid":N/g; s/"exited_at":"[^"]*"/"exited_at":"T"/; s/"exited_at":\{[^}]*\}/"exited_at":"T"/; s#"bundle":"[^"]*/([^/"]+)"#"bundle":".../\1"#; s#/[^ ",=:]*/snapshots/[0-9]+#SNAPSHOT#g; s#"io":\{[^}]*\}#"io":{}#'
ctr image rm "$IMAGE" --sync >/dev/null
