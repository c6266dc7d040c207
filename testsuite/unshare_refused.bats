# SPDX-License-Identifier: Apache-2.0
# rlc-unshare on hosts that refuse: the reason is told, and what can be had is.
# environments: user nons inns
load lib

# refused COMMAND...: the command where no user namespace is allowed.
refused() {
	if [ "$ENVIRONMENT" = nons ]; then "$@"; else deny userns -- "$@"; fi
}

@test "a filter that refuses user namespaces is named" {
	runs 125 refused rlc-unshare true
	has "rlc-unshare: cannot make a user namespace: Operation not permitted" "seccomp filter" \
		"--security-opt seccomp=unconfined" "--emulate=full runs the command without namespaces"
	runs 125 refused rlc-unshare -r true
	has "seccomp filter"
	lacks "--emulate=full"
}

@test "another root needs a user namespace, whatever is emulated" {
	mkdir tree
	runs 125 refused rlc-unshare --emulate=full -R tree true
	has "cannot make a user namespace"
	lacks "--emulate=full runs"
	[ -z "$(ls -A tree)" ]
}

@test "--emulate=full does without namespaces" {
	# shellcheck disable=SC2016
	local go='id -u; touch $0; chown 5:6 $0; stat -c %u:%g $0; readlink /proc/self/ns/user'
	runs 0 refused rlc-unshare --emulate=full sh -c "$go" f
	is $'0\n5:6\n'"$(readlink /proc/self/ns/user)"
	equal "$(owner f)" 5:6
	runs 7 refused rlc-unshare --emulate=full sh -c 'exit 7'
}

@test "--emulate=full: what survives is named" {
	refused rlc-unshare --emulate=full sh -c 'setsid sh -c "echo \$\$ >pid; while :; do sleep 100; done" >&- 2>&- 3>&- &
		until [ -s pid ]; do sleep 0.05; done' 2>err
	kill "$(cat pid)" 2>/dev/null || :
	grep -q "rlc-unshare: still running, since there is no pid namespace: .*$(cat pid) (sh)" err
}

@test "--emulate=full: the command ends when rlc-unshare is killed" {
	refused sh -c 'exec rlc-unshare --emulate=full sh -c "echo \$\$ >pid; while :; do sleep 0.1; done"' 3>&- &
	until [ -s pid ]; do sleep 0.05; done
	pid=$(cat pid)
	pkill -9 -P $! || kill -9 $!
	wait $! || :
	for _ in {1..100}; do kill -0 "$pid" 2>/dev/null || break; sleep 0.05; done
	! kill -0 "$pid" 2>/dev/null
}

@test "--rung says why the better ones are refused" {
	runs 0 refused rlc-unshare --rung
	has "rung 4 of 5: notification without a namespace" "refused: rung 2, user namespace" \
		"seccomp filter" "refused: rung 1, subordinate ids"
}

@test "an ordinary user who asks for a namespace without --user is told, root need not" {
	if [ "$(id -u)" = 0 ]; then
		runs 0 rlc-unshare -m true
		is ''
	else
		runs 125 rlc-unshare -m true
		has "needs --user or --map-root-user too"
	fi
}
