# What people do with docker, on the dockerd whose socket is $DOCKER_HOST. Whether a shell is left to say "Killed" when
# memory runs out is the kernel's choice.
d() { docker "$@" 2>&1 | grep -v -e '^$' -e '^Killed$' -e "^Run 'docker" | sed -E 's/[0-9a-f]{64}/ID/'; return "${PIPESTATUS[0]}"; }
d load -q -i "$ARCHIVE"
d run --rm --network none bb:latest echo hi; echo "exit $?"
d run --rm --network none bb:latest sh -c 'echo out; echo err >&2; exit 4' 2>&1 | sort
d run -d --name ca --network none bb:latest sh -c 'echo started; exec sleep 1000' >/dev/null; echo "up $?"
d exec ca echo inside; echo "exit $?"
d exec ca sh -c 'exit 7'; echo "exit $?"
echo typed | d exec -i ca cat
d exec ca nosuch; echo "exit $?"
d logs ca
d ps --format '{{.Names}} {{.State}}'
d pause ca; d ps --format '{{.Names}} {{.State}}'; d unpause ca
d stats --no-stream --format '{{.Name}} {{.PIDs}}' ca
d top ca | wc -l
d update --memory 64m --memory-swap 64m ca
d inspect -f '{{.State.Status}} {{.HostConfig.Memory}}' ca
d kill -s USR1 ca; d kill ca; d wait ca
d inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.State.OOMKilled}}' ca
d start ca; d stop -t 1 ca; d inspect -f '{{.State.Status}} {{.State.ExitCode}}' ca
d restart -t 1 ca; d inspect -f '{{.State.Status}}' ca
d rm ca; echo "rm of a running one $?"
d rm -f ca
d run -d --name cr --restart on-failure:2 --network none bb:latest sh -c 'exit 3' >/dev/null
for i in $(seq 100); do [ "$(d inspect -f '{{.State.Status}} {{.RestartCount}}' cr)" = "exited 2" ] && break; sleep 0.1; done
d inspect -f '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}' cr
d rm cr
d run --name co --memory 16m --memory-swap 16m --network none bb:latest sh -c 'head -c 200000000 /dev/zero | tail'; echo "exit $?"
d inspect -f '{{.State.OOMKilled}} {{.State.ExitCode}}' co; d rm co
d run --name cn --network none bb:latest nosuch; echo "exit $?"; d rm cn
d run -i --rm --network none bb:latest cat <<<'through stdin'
d ps -a -q
