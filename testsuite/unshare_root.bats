# SPDX-License-Identifier: Apache-2.0
# rlc-unshare: what a command sees of files: another root, what is put into it, and that nothing of that
# is left.
# environments: user tmpfs noopenat2 oldkernel inns root
load lib

setup() {
	rlc_setup
	tree tree
}

# tree DIR: the least of a root; the host's /usr is shown in it.
tree() {
	mkdir -p "$1/usr" "$1/etc"
	ln -s usr/bin usr/lib usr/lib64 usr/sbin "$1"
	echo here >"$1/inside"
}

# in_tree [OPTION...] COMMAND...
in_tree() { rlc-unshare -R tree --bind /usr:/usr:ro "$@"; }

# All there is of a tree, with times: it must not change.
state() { (cd "$1" && find . -printf '%p %y %m %U:%G %s %T@ %l\n' | sort; getfattr -dRh -m - . 2>/dev/null || :); }

@test "--root: the tree is the root, and there is no way out of it" {
	runs 0 in_tree sh -c 'pwd; cat /inside; ls -d /.. /work /tmp /home 2>/dev/null; cd ../../..; pwd'
	is $'/\nhere\n/..\n/'
	runs 0 in_tree cat /proc/self/root/inside
	is here
	runs 2 in_tree ls /proc/1/root/ # nobody looks into the supervisor
	has "Permission denied"
	runs 0 in_tree --emulate=off grep -c ' / rw' /proc/self/mountinfo
	is 1
}

@test "--root: relative, with a slash, by a symlink, and as the working directory" {
	ln -s tree link
	for dir in tree ./tree/ link "$PWD/link" tree/../tree; do
		runs 0 rlc-unshare --root="$dir" --bind /usr cat /inside
		is here
	done
	cd tree
	runs 0 rlc-unshare -R . --bind /usr cat /inside
	is here
	runs 125 rlc-unshare -R missing true
	is "rlc-unshare: missing: cannot open: No such file or directory"
	runs 125 rlc-unshare -R inside true
	has "inside: cannot open: Not a directory"
}

@test "/dev has what programs expect, and it works" {
	runs 0 in_tree --emulate=off ls /dev
	is $'fd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero'
	runs 0 in_tree sh -c '
		echo gone >/dev/null
		head -c 3 /dev/zero | od -An -tx1
		head -c 5 /dev/urandom | wc -c
		head -c 5 /dev/random | wc -c
		(echo x >/dev/full) 2>/dev/null || echo full
		echo shared >/dev/shm/f; cat /dev/shm/f
		echo out >/dev/stdout
		echo in | cat /dev/stdin
		echo err 2>&1 >/dev/stderr
		cat /dev/fd/9 9</inside'
	is $' 00 00 00\n5\n5\nfull\nshared\nout\nin\nerr\nhere'
	runs 0 in_tree python3 -c 'import os, pty
m, s = pty.openpty()
print(os.ttyname(s))'
	has /dev/pts/
}

@test "/proc shows the command's own processes" {
	runs 0 in_tree --emulate=off sh -c 'readlink /proc/self; ls -d /proc/[0-9]* | wc -l'
	[ "${lines[0]}" -le 5 ]
	[ "${lines[1]}" -le 5 ]
}

@test "/sys is there and read-only; resolv.conf and hosts are the host's and read-only" {
	runs 0 in_tree ls /sys
	is "$(ls /sys)"
	runs 1 in_tree --emulate=off touch /sys/x
	has "Read-only file system"
	for file in resolv.conf hosts; do
		[ -e /etc/$file ] || continue
		runs 0 in_tree cat /etc/$file
		is "$(cat /etc/$file)"
		runs 2 in_tree --emulate=off sh -c "echo x >/etc/$file"
		has "Read-only file system"
	done
}

@test "nothing is left in the tree, not even a time" {
	mkdir tree/proc
	touch -d 2001-01-01 tree/etc tree
	state tree >before
	runs 0 in_tree true
	state tree >after
	same before after
	runs 3 in_tree --tmpfs /mnt/a/b --bind inside:/x/y/z sh -c 'exit 3' || :
	state tree >after
	same before after
	runs 125 in_tree -w /missing true
	state tree >after
	same before after
	runs 125 in_tree --bind missing:/x true
	state tree >after
	same before after
}

# wait_for FILE
wait_for() { for _ in {1..200}; do [ -e "$1" ] && return; sleep 0.05; done; return 1; }

# A command in the tree is running, and rlc-unshare is killed.
killed() {
	rlc-unshare -R tree --bind /usr sh -c 'echo >/ready; sleep 100' 3>&- &
	wait_for tree/ready
	[ -d tree/dev ]
	kill -9 $!
	wait $! || :
	sleep 0.2
}

@test "what a kill leaves in the tree is removed at the next start" {
	state tree >before
	killed
	rm tree/ready
	[ -d tree/dev ]
	runs 0 in_tree true
	touch -d "$(sed -n 's/^\. .* \([0-9.]*\) $/@\1/p' before)" tree
	state tree >after
	same before after
}

@test "what was put into such a mount point stays" {
	killed
	echo mine >tree/dev/mine
	runs 0 in_tree true
	equal "$(cat tree/dev/mine)" mine
	[ ! -e tree/sys ]
	[ -z "$(getfattr -d -m points tree)" ]
}

@test "a list of mount points that lies removes nothing" {
	mkdir tree/empty outside
	local ino
	ino=$(stat -c %i outside)
	/usr/bin/python3 -c 'import os, sys
ino = os.stat("tree/empty").st_ino
for value in (b"", b"\0", b"x", b"1 empty\0", b"%d ../outside\0" % int(sys.argv[1]), b"%d inside\0" % os.stat("tree/inside").st_ino,
              b"%d empty" % ino, b"99999999999999999999999 empty\0", b"%d \0" % ino):
    os.setxattr("tree", "user.rlc.points", value)
    assert os.system("rlc-unshare -R tree --bind /usr true") == 0
    assert os.path.isdir("tree/empty") and os.path.isdir("outside") and os.path.exists("tree/inside"), value' "$ino"
}

@test "two at once: the first to end takes nothing from the other" {
	ln -s ../run/x/resolv.conf tree/etc/resolv.conf
	state tree >before
	in_tree sh -c 'echo >/one; while [ ! -e /stop1 ]; do sleep 0.05; done' 3>&- &
	one=$!
	wait_for tree/one
	in_tree sh -c 'echo >/two; while [ ! -e /stop2 ]; do sleep 0.05; done; ls /dev/null /proc/self/comm; cat /etc/resolv.conf' >got 3>&- &
	two=$!
	wait_for tree/two
	touch tree/stop1
	wait $one
	[ -d tree/dev ]
	touch tree/stop2
	wait $two
	equal "$(cat got)" "$(printf '/dev/null\n/proc/self/comm\n'; cat /etc/resolv.conf)"
	rm tree/one tree/two tree/stop1 tree/stop2
	touch -d "$(sed -n 's/^\. .* \([0-9.]*\) $/@\1/p' before)" tree
	state tree >after
	same before after
}

@test "symlinks in the tree lead no mount out of it" {
	mkdir outside
	rm -r tree/etc
	ln -s ../../../../../../../../../../../../../../../../../"$WORK"/outside tree/dev
	ln -s "$WORK/outside" tree/proc
	ln -s ../outside tree/sys
	ln -s ../../../outside tree/etc
	ln -s /../../outside/f tree/mnt
	state outside >before
	runs 0 in_tree --bind inside:/mnt/../mnt cat /mnt || runs 0 in_tree true
	state outside >after
	same before after
	[ ! -e tree/outside ]
}

@test "--bind shows a directory or a file, for reading only where :ro says so" {
	mkdir src
	echo one >src/f
	runs 0 in_tree --bind src:/deep/place sh -c 'cat /deep/place/f; echo two >/deep/place/f'
	is one
	equal "$(cat src/f)" two
	runs 0 in_tree --bind src/f:/file cat /file
	is two
	runs 2 in_tree --emulate=off --bind src:/x:ro sh -c 'echo three >/x/f'
	has "Read-only file system"
	equal "$(cat src/f)" two
	runs 125 in_tree --bind missing:/x true
	is "rlc-unshare: missing: cannot bind: No such file or directory"
	runs 125 in_tree --bind src:x true
	has "'x' is no absolute path"
	runs 125 in_tree --bind src:/inside true
	has "/inside: cannot mount there"
	[ ! -e tree/deep ]
}

@test "--bind without DST, and without another root" {
	mkdir src dst
	echo one >src/f
	runs 0 in_tree --bind "$WORK/src" cat "$WORK/src/f"
	is one
	runs 0 rlc-unshare --bind src:"$WORK/dst" cat dst/f
	is one
	[ ! -e dst/f ]
	runs 125 rlc-unshare --bind src:"$WORK/missing" true
	has "cannot mount there: No such file or directory"
	[ ! -e missing ]
}

@test "--tmpfs is empty, and gone at the end; mounts in it are made freely" {
	mkdir tree/mnt
	echo hidden >tree/mnt/f
	runs 0 in_tree --tmpfs /mnt sh -c 'ls /mnt; echo x >/mnt/g; stat -f -c %T /mnt'
	is tmpfs
	equal "$(ls tree/mnt)" f
	mkdir src
	runs 0 in_tree --tmpfs /mnt --bind src:/mnt/deep/er sh -c 'touch /mnt/deep/er/made'
	[ -e src/made ]
	runs 125 in_tree --bind src:/mnt --bind src:/mnt/under true
	has "makes nothing in what is mounted above it"
	[ ! -e src/under ]
}

@test "--read-only: the tree cannot be written to, what is mounted in it can" {
	mkdir src
	runs 1 in_tree --emulate=off --read-only --bind src:/src sh -c 'touch /dev/x /src/x; touch /x'
	is "touch: cannot touch '/x': Read-only file system"
	[ -e src/x ] && [ ! -e tree/x ]
	runs 0 in_tree touch /x
	[ -e tree/x ]
}

@test "--overlay, --upper, --work: changes go to the upper directory" {
	[ "$(stat -f -c %T .)" != tmpfs ] || return 0 # the upper one needs user attributes
	tree low2
	echo two >low2/two
	echo low2 >low2/inside
	mkdir upper work tree/old
	state tree >before
	runs 0 rlc-unshare --overlay tree:low2 --upper upper --work work --bind /usr --emulate=off \
		sh -c 'cat /inside /two; rm /two; echo new >/new; rm -r /old; mkdir /old'
	is $'here\ntwo'
	state tree >after
	same before after
	equal "$(cat upper/new)" new
	equal "$(stat -c %F upper/two)" "character special file"
	equal "$(getfattr --only-values -n user.overlay.opaque upper/old)" y
	rm -rf upper/etc # a copy, where hosts or resolv.conf had to be made
	equal "$(ls upper)" $'new\nold\ntwo'
	[ -z "$(getfattr -d -m points upper)" ]
	runs 0 rlc-unshare --overlay tree:low2 --upper upper --work work --bind /usr --emulate=off \
		sh -c 'cat /new; ls -d /two 2>/dev/null || :'
	is new
}

@test "the upper directory becomes a layer: whiteouts, owners and devices" {
	[ "$(stat -f -c %T .)" != tmpfs ] && records || return 0
	mkdir upper work tree/old
	echo gone >tree/gone
	runs 0 rlc-unshare --overlay tree --upper upper --work work --bind /usr sh -c '
		rm -r /gone /old; mkdir /old; echo new >/new; chown 5:6 /new
		ln -s new /link; chown -h 7:8 /link; mknod /null c 1 3'
	rm -rf upper/etc # a copy, where hosts or resolv.conf had to be made
	rlc-tar -cf layer.tar -C upper --whiteouts=oci .
	tar -tvf layer.tar >got
	grep -q "^-rw-r--r-- 5/6" got
	grep -q "^lrwxrwxrwx 7/8" got
	grep -q "^crw-r--r-- 0/0" got
	equal "$(tar -tf layer.tar | sort)" $'./\n./.wh.gone\n./link\n./new\n./null\n./old/\n./old/.wh..wh..opq'
}

@test "the overlay's options need each other, and its directories one user at a time" {
	mkdir upper work
	runs 125 rlc-unshare --overlay tree --upper upper true
	has "need each other"
	runs 125 rlc-unshare --overlay tree --upper upper --work work -R tree true
	[ "$(stat -f -c %T .)" != tmpfs ] || return 0
	exec 8<work
	flock 8
	runs 125 rlc-unshare --overlay tree --upper upper --work work --bind /usr true
	has "in use by another rlc-unshare"
	exec 8<&-
}

@test "the environment is that of the tree's root" {
	runs 0 env HOME=/home/me TMPDIR=/tmp/mine PATH=/usr/bin:/bin "$RLC" unshare -R tree --bind /usr sh -c 'echo $HOME; echo $PATH; echo ${TMPDIR-none}'
	is $'/root\n/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin\nnone'
	runs 0 in_tree --env HOME=/x sh -c 'echo $HOME'
	is /x
}

@test "without a command it is the tree's /bin/sh" {
	SHELL=/no/such/shell runs 0 in_tree <<<'cat /inside'
	is here
}

@test "names of --as are the tree's own" {
	echo 'inhabitant:x:77:78::/:/bin/sh' >tree/etc/passwd
	echo 'house:x:78:' >tree/etc/group
	runs 0 in_tree --as inhabitant sh -c 'id -u; id -g'
	is $'77\n78'
	runs 125 in_tree --as daemon true
}

@test "--root with namespace options: as chroot where no mounts are asked for" {
	cp /bin/sh tree/sh 2>/dev/null
	runs 0 rlc-unshare -r -m -R tree --bind /usr ls /dev/null
	is /dev/null
	mkdir tree/other
	runs 0 rlc-unshare -m -r -R tree --bind /usr --mount-proc=/other ls /other/self/comm
	is /other/self/comm
	runs 0 sh -c 'rlc-unshare -r -R tree --emulate=off /no/such 2>&1; echo $?'
	is $'rlc-unshare: /no/such: cannot run: No such file or directory\n127'
	runs 125 rlc-unshare -r -R missing --emulate=off true
	has "missing: cannot use as root"
}

@test "a session of its own where standard input is no terminal; --no-new-session leaves it" {
	local session='import os
print(os.getsid(0) == os.getpid())'
	runs 0 in_tree python3 -c "$session" </dev/null
	is True
	runs 0 in_tree --no-new-session python3 -c "$session" </dev/null
	is False
}

@test "timeout ends a command in a session of its own" {
	runs 124 timeout -k 5 1 rlc-unshare -R tree --bind /usr:/usr:ro sleep 30 </dev/null
}

@test "in a tree on which another one stands nested" {
	mkdir tree/inner
	tree tree/inner/tree
	runs 0 in_tree --bind "$RLC:/rlc" /rlc unshare -R /inner/tree --bind /usr sh -c \
		'cat /inside; echo x >/made; chown 5:6 /made; stat -c %u:%g /made'
	is $'here\n5:6'
	equal "$(ls tree/inner/tree)" $'bin\netc\ninside\nlib\nlib64\nmade\nsbin\nusr'
	runs 0 owner tree/inner/tree/made
	[ "$ENVIRONMENT" = root ] || is 5:6
}
