# Snapshots: prepare, view, mounts, commit, tree, usage, labels, remove, and what is refused.
ctr image pull --plain-http "$LAYERED_IMAGE" >/dev/null 2>&1
ctr snapshots ls
ctr snapshots tree
top=$(ctr snapshots ls | awk 'NR > 1 { name[$1] = 1; parent[$2] = 1 } END { for (n in name) if (!(n in parent)) print n }')
ctr snapshots prepare --target /target work "$top" | sed -E 's#/[^ ,=:]*/snapshots/[0-9]+#SNAPSHOT#g'
ctr snapshots prepare work "$top"; echo "again: $?"
ctr snapshots prepare other nowhere; echo "no parent: $?"
ctr snapshots prepare third work 2>&1 | sed -E "s#default/[0-9]+/##"; echo "parent is active: ${PIPESTATUS[0]}"
ctr snapshots view --target /target look "$top" | sed -E 's#/[^ ,=:]*/snapshots/[0-9]+#SNAPSHOT#g'
# Nothing holds a view: a collection could take it away before it is asked for.
ctr snapshots label look containerd.io/gc.root=T >/dev/null
ctr snapshots mounts /target work | sed -E 's#/[^ ,=:]*/snapshots/[0-9]+#SNAPSHOT#g'
ctr snapshots mounts /target none; echo "no such: $?"
ctr snapshots prepare --target /target empty | sed -E 's#/[^ ,=:]*/snapshots/[0-9]+#SNAPSHOT#g'
ctr snapshots commit base empty; echo "commit: $?"
ctr snapshots commit base work; echo "name taken: $?"
ctr snapshots commit x look 2>&1 | sed -E "s#default/[0-9]+/##"; echo "a view: ${PIPESTATUS[0]}"
ctr snapshots prepare child base >/dev/null
ctr snapshots rm base; echo "has a child: $?"
ctr snapshots label work k=v | tr "," "\n" | sed "s/gc.root=.*/gc.root=T/" | sort
ctr snapshots info work | grep -vE 'Created|Updated|gc.root'
ctr snapshots ls | awk '{ print $1, $2, $3 }' | sort
ctr snapshots usage | awk '{ print $1 }' | sort
ctr snapshots rm child base work look; echo "rm: $?"
ctr snapshots rm work; echo "rm again: $?"
ctr snapshots --snapshotter nosuch ls; echo "no such snapshotter: $?"
ctr image rm "$LAYERED_IMAGE" --sync >/dev/null
ctr snapshots ls
