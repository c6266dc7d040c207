# SPDX-License-Identifier: Apache-2.0
# rlc-unshare on hosts that have less than it likes: it says what is lost, or does without.
# environments: user inns
load lib

# no_namespaces COMMAND...: in a namespace that allows none within.
no_namespaces() {
	# shellcheck disable=SC2016
	unshare -r sh -c 'echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"' sh "$@"
}

@test "max_user_namespaces=0 is named, not a lack of space" {
	runs 125 no_namespaces rlc-unshare true
	has "/proc/sys/user/max_user_namespaces is 0" "sysctl user.max_user_namespaces="
	lacks "No space left"
	runs 0 no_namespaces rlc-unshare --rung
	has "/proc/sys/user/max_user_namespaces is 0"
}

@test "where a fresh /proc is refused, the one that is there is shown" {
	mkdir -p tree/usr
	ln -s usr/bin usr/lib usr/lib64 usr/sbin tree
	# shellcheck disable=SC2016
	runs 0 unshare -rmpf sh -c 'mount -t proc proc /proc; mount -t tmpfs none /proc/sys; exec "$@"' sh \
		rlc-unshare --explain --emulate=off -R tree --bind /usr sh -c 'cat /proc/self/comm; ls /proc/sys | wc -l'
	has 'mount("/proc", "/proc", NULL, MS_BIND|MS_REC, NULL)' $'\ncat\n0'
	[ ! -e tree/proc ]
}

@test "without process_vm_readv, pidfds, openat2 and calls on attributes by name: owners are kept" {
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
	touch f
	runs 0 deny listener -- rlc-unshare sh -ec 'chown 9:9 f; stat -c %u f'
	has "what the command does to owners is not kept" $'\n0'
	runs 125 deny listener -- rlc-unshare --emulate=full true
	runs 0 deny listener -- rlc-unshare --rung
	has "rung 3 of 5" "refused: rung 2, user namespace and notification" "has no seccomp notifications"
}
