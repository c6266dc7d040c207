# SPDX-License-Identifier: Apache-2.0
# rlc-chown, rlc-setattr and rlc-mknod with the Nth system call failing, for every N: exit is not 0,
# or all is complete.
# environments: user
load lib

# A tree of each kind, and what it is to become
tree() {
	chmod -R u+rwX d 2>/dev/null || :
	rm -rf d
	mkdir -p d/s d/etc
	echo mail:x:5:6::/: >d/etc/passwd
	echo mail:x:6: >d/etc/group
	touch d/f d/dev d/s/g
	ln -s s d/l
	mkfifo d/p
	setfattr -n user.containers.override_stat -v 0:0:0644:char-1-3 d/dev
	chmod 4755 d/f
	chmod 0 d/s/g
}

owners() { equal "$(rlc-getattr -R --dump d | cut -d' ' -f1 | sort -u)" 5:6; }

changed() { owners && equal "$(stat -c %a d/f d/s/g | xargs)" "755 0"; }

# nth MAKE CHECK COMMAND...
nth() {
	local n status make=$1 check=$2 bad=0
	shift 2
	for ((n = 1; n < 1000; n++)); do
		$make
		status=0
		FAILNTH_SAY=1 failnth $n "$@" >said 2>&1 || status=$?
		[ $status != 100 ] || break
		if [ $status -gt 2 ]; then
			echo "call $n: exit $status: $(cat said)"
			bad=1
		elif [ $status = 0 ] && ! $check; then
			echo "call $n: exit 0, and not complete: $(head -n 3 said)"
			bad=1
		fi
	done
	echo "$n calls"
	[ $n -gt 30 ] && [ $n -lt 1000 ] && $check && [ $bad = 0 ]
}

@test "chown -R" {
	nth tree changed "$BATS_RUN_TMPDIR/bin/rlc-chown" -R --root d mail:mail /
}

@test "setattr --restore" {
	tree
	rlc-setattr -R 5:6 d
	rlc-getattr -R --dump d >dump
	nth tree owners "$BATS_RUN_TMPDIR/bin/rlc-setattr" --restore dump
}

@test "setattr --import" {
	exported() {
		tree
		rlc-setattr -R 5:6 d
		rlc-setattr --export=virtfs d
		rlc-setattr -R --clear d
	}
	imported() { owners && [ -L d/l ] && [ -p d/p ] && equal "$(stat -c %a d/f)" 4755; }
	nth exported imported "$BATS_RUN_TMPDIR/bin/rlc-setattr" --import=virtfs d
}

@test "mknod" {
	device() { equal "$(rlc-getattr d/null)" "d/null: uid=0 gid=0 mode=0644 device=c1,3"; }
	nth tree device "$BATS_RUN_TMPDIR/bin/rlc-mknod" d/null c 1 3
	fifo() { [ -p d/fifo ]; }
	nth tree fifo "$BATS_RUN_TMPDIR/bin/rlc-mknod" d/fifo p
}
