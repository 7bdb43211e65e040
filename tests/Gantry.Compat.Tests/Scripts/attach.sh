# Attaching to a container that runs.
ctr image pull --plain-http "$IMAGE" >/dev/null
echo 'sleep 2; echo attached output; exit 6' >"$WORK/script"
ctr container create --mount "type=bind,src=$WORK,dst=/w,options=rbind:ro" "$IMAGE" a1 sh /w/script; echo "create: $?"
ctr task start --detach a1; echo "start: $?"
timeout 20 ctr task attach a1; echo "exit: $?"
ctr task rm a1 >/dev/null 2>&1
ctr container rm a1
ctr task ls; ctr container ls
ctr image rm "$IMAGE" --sync >/dev/null
