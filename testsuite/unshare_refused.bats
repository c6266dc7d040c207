# SPDX-License-Identifier: Apache-2.0
# rlc-unshare on hosts that refuse: the reason is told, and what can be had is.
# environments: user nons inns
load lib

# refused COMMAND...: the command where no user namespace is allowed.
refused() {
	if [ "$ENVIRONMENT" = nons ]; then "$@"; else deny userns -- "$@"; fi
}

# no_namespaces COMMAND...: in a namespace that allows none within.
no_namespaces() {
	# shellcheck disable=SC2016
	unshare -r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh "$@"
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

@test "max_user_namespaces=0 is named, not a lack of space" {
	[ "$ENVIRONMENT" != nons ] || return 0
	runs 125 no_namespaces rlc-unshare true
	has "/proc/sys/user/max_user_namespaces is 0" "sysctl user.max_user_namespaces="
	lacks "No space left"
	runs 0 no_namespaces rlc-unshare --rung
	has "/proc/sys/user/max_user_namespaces is 0"
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

@test "where a fresh /proc is refused, the one that is there is shown" {
	[ "$ENVIRONMENT" != nons ] || return 0
	mkdir -p tree/usr
	ln -s usr/bin usr/lib usr/lib64 usr/sbin tree
	# shellcheck disable=SC2016
	runs 0 unshare -rmpf sh -c 'mount -t proc proc /proc; mount -t tmpfs none /proc/sys; exec "$@"' sh \
		rlc-unshare --explain --emulate=off -R tree --bind /usr sh -c 'cat /proc/self/comm; ls /proc/sys | wc -l'
	has 'mount("/proc", "/proc", NULL, MS_BIND|MS_REC, NULL)' $'\ncat\n0'
	[ ! -e tree/proc ]
}

@test "an ordinary user who asks for a namespace without --user is told" {
	[ "$(id -u)" != 0 ] || return 0
	runs 125 rlc-unshare -m true
	has "needs --user or --map-root-user too"
}

@test "without process_vm_readv, pidfds, openat2 and calls on attributes by name: owners are kept" {
	[ "$ENVIRONMENT" != nons ] || return 0
	for rules in vmcopy pidfd "vmcopy pidfd openat2 xattrat"; do
		rm -rf f d
		# shellcheck disable=SC2016,SC2086 # rules are words
		runs 0 deny $rules -- rlc-unshare --emulate=full sh -ec 'touch f; mkdir d; chown 5:6 f; chown 7:8 d
			cd d; stat -c %u:%g . ../f; stat -c %u - <../f; find .. -name f -printf "%G\n"'
		is $'7:8\n5:6\n5\n6'
		runs 0 rlc-getattr f
		is "f: uid=5 gid=6"
	done
}

@test "without seccomp notifications changes of owner succeed, and it is told that they are not kept" {
	[ "$ENVIRONMENT" != nons ] || return 0
	touch f
	runs 0 deny listener -- rlc-unshare sh -ec 'chown 9:9 f; stat -c %u f'
	has "what the command does to owners is not kept" $'\n0'
	runs 125 deny listener -- rlc-unshare --emulate=full true
	runs 0 deny listener -- rlc-unshare --rung
	has "rung 3 of 5" "refused: rung 2, user namespace and notification" "has no seccomp notifications"
}
