# SPDX-License-Identifier: Apache-2.0
# What extraction does to a tree, and what stands in its way there.
load lib

CAPABILITY='bytes.fromhex("0100000200200000000000000000000000000000")'

# ids DIR PATH: uid:gid of PATH in an archive of DIR
ids() {
	rlc-tar -c -f - -C "$1" . | rlc-tar -t --json -f - |
		sed -n "s|.*\"path\":\"\./$2/*\".*\"uid\":\([0-9]*\),\"gid\":\([0-9]*\).*|\1:\2|p"
}

@test "a capability and set-id bits outlast the content that is written" {
	gen archive >a.tar <<-E
		add("ping", data=b"x" * 100, mode=0o4755, attrs={"security.capability": $CAPABILITY})
		add("big", data=b"x" * 300000, mode=0o2755, attrs={"security.capability": $CAPABILITY})
	E
	runs 0 rlc-tar -xf a.tar -C tree
	rlc-tar -cf b.tar -C tree ping big
	runs 0 rlc-tar -t --json -f b.tar
	has '"path":"ping","type":"file","mode":"4755"' '"path":"big","type":"file","mode":"2755"'
	equal "$(grep -o security.capability <<<"$output" | wc -l)" 2
}

@test "--keep-newer-files keeps what is newer and takes the rest" {
	gen archive >a.tar <<-E
		add("a", data=b"one", time="1")
		symlink("l", "new", time="1")
		directory("d", time="1")
		hardlink("h", "b2", time="1")
		add("b", data=b"two", time="2000000000")
		add("c", data=b"three", time="2000000000")
	E
	mkdir -p tree/d
	echo old | tee tree/a tree/b tree/b2 >tree/h
	ln -s old tree/l
	runs 0 rlc-tar -xvf a.tar -C tree --keep-newer-files
	is $'a\nl\nd/\nh\nb\nc'
	equal "$(cat tree/a tree/b tree/c tree/h)" $'old\ntwothreeold'
	equal "$(readlink tree/l)" old
}

@test "a directory is closed to others until it is left" {
	gen archive >a.tar <<-E
		directory("tmp", mode=0o1777)
		add("tmp/f", data=b"x" * 1000000)
	E
	mkdir tree
	{
		head -c 500000 a.tar
		for i in {1..200}; do [ -s tree/tmp/f ] && break; sleep 0.05; done
		stat -c %a tree/tmp >mode
		tail -c +500001 a.tar
	} | rlc-tar -x -C tree
	equal "$(cat mode)" 700
	equal "$(stat -c %a tree/tmp)" 1777
}

@test "what a directory hands down is not in the archive" {
	gen archive >a.tar <<-E
		directory("d", mode=0o755)
		add("d/f", mode=0o664)
		directory("d/sub", mode=0o775)
		add("d/implied/f", mode=0o664)
		add("d/mkfifo", kind=b"6", mode=0o664)
	E
	mkdir -p tree plain
	setfacl -d -m u::rwx,g::---,o::---,u:0:rwx,m::rwx tree
	runs 0 rlc-tar -xf a.tar -C tree
	is ''
	runs 0 rlc-tar -xf a.tar -C plain
	equal "$(cd tree && find d -printf '%p %M\n' | sort)" "$(cd plain && find d -printf '%p %M\n' | sort)"
	runs 0 getfacl -Rsp tree/d
	is ''
}

@test "an archive's own default ACL stays on its directory" {
	gen archive >a.tar <<-E
		acl = bytes.fromhex("0200000001000700ffffffff04000500ffffffff20000500ffffffff")
		directory("d", attrs={"system.posix_acl_default": acl})
		add("d/f", mode=0o666)
	E
	mkdir tree
	runs 0 rlc-tar -xf a.tar -C tree
	is ''
	equal "$(stat -c %a tree/d/f)" 666
	runs 0 rlc-tar -d -f a.tar -C tree
}

@test "the group that a directory hands down is not taken for a stranger's" {
	[ "$ENVIRONMENT" = root ] || return 0
	gen archive >a.tar <<-E
		add("f")
		directory("d")
		add("d/g", owner=(5, 6))
		symlink("d/s", "x")
	E
	mkdir tree
	chgrp 7 tree
	chmod 2755 tree
	runs 0 rlc-tar -xf a.tar -C tree --records
	is ''
	equal "$(stat -c %g tree/f tree/d tree/d/g tree/d/s | xargs)" '0 0 0 0'
	runs 0 rlc-tar -c --records -f b.tar -C tree f d
	runs 0 rlc-tar -tv --numeric-owner -f b.tar
	lacks 65534
}

@test "newc: an inode of several names has its content behind the last" {
	mkdir from
	echo content >from/a
	chmod 4750 from/a
	ln from/a from/b
	ln from/a from/c
	(cd from && printf '%s\n' a b c | cpio -o -H newc --quiet) >a.cpio
	runs 0 rlc-tar -xf a.cpio -C tree
	is ''
	equal "$(cat tree/a)" content
	equal "$(stat -c '%h %a' tree/a)" '3 4750'
	equal "$(stat -c %y tree/a)" "$(stat -c %y from/a | sed 's/\..*/.000000000 +0000/')"
}

@test "newc: content goes to no file but the archive's own" {
	mkdir from tree
	echo evil >from/a
	ln from/a from/b
	(cd from && printf '%s\n' a b | cpio -o -H newc --quiet) >a.cpio
	: >outside
	ln outside tree/a
	runs 1 rlc-tar -xkf a.cpio -C tree
	has 'a: not replaced'
	[ ! -s outside ]
	[ tree/b -ef outside ]
}

@test "a hard link to a directory removes nothing" {
	gen archive >a.tar <<-E
		directory("d")
		add("f", data=b"stays")
		hardlink("f", "d")
		hardlink("f", "nowhere")
	E
	runs 1 rlc-tar -xf a.tar -C tree
	has 'f: refused: a hard link to a directory' 'f: cannot find what it is a hard link to'
	equal "$(cat tree/f)" stays
}

@test "hard links of symlinks and FIFOs keep their owner, wherever they stand" {
	gen archive >a.tar <<-E
		symlink("s", "x", owner=(5, 6))
		hardlink("s2", "s")
		hardlink("d/s3", "s2")
		add("d/p", kind=b"6", owner=(7, 8))
		hardlink("d/p2", "d/p")
		hardlink("p3", "d/p2")
	E
	runs 0 rlc-tar -xf a.tar -C tree
	for i in s s2 d/s3; do equal "$i $(ids tree $i)" "$i 5:6"; done
	for i in d/p d/p2 p3; do equal "$i $(ids tree $i)" "$i 7:8"; done
	[ tree/s -ef tree/d/s3 ] || [ "$(stat -c %i tree/s)" = "$(stat -c %i tree/d/s3)" ]
}

@test "what a symlink leads back to is one directory" {
	gen archive >a.tar <<-E
		directory("d")
		symlink("d/up", "..")
		symlink("s", "x", owner=(5, 6))
		symlink("d/s", "x", owner=(5, 6))
		symlink("d/up/s", "x", owner=(7, 8))
		symlink("d/up/d/s", "x", owner=(7, 8))
		hardlink("d/h", "d/up/d/s")
		hardlink("d/up/h", "s")
		add("d/up/d/up/d", data=b"d")
		add("last")
	E
	runs 0 rlc-tar -xf a.tar -C tree --exclude d/up/d/up/d
	is ''
	for i in s d/s h d/h; do equal "$i $(ids tree $i)" "$i 7:8"; done
	runs 0 rlc-tar -xf a.tar -C other
	equal "$(cat other/d)" d
	equal "$(ids other s)" 7:8
	[ -f other/last ]
}

@test "what no attribute can hold is in the sidecar, under its own path" {
	# a file system without attributes, if one may be mounted here
	unshare -rm mount -t ramfs ramfs . 2>/dev/null || return 0
	gen archive >a.tar <<-E
		directory("usr/lib", owner=(1, 1))
		symlink("lib", "usr/lib")
		symlink("lib/s", "x", owner=(5, 6))
		add("lib/f", owner=(5, 6))
		add("lib/dev", kind=b"3", device=(1, 3), owner=(7, 8))
		hardlink("h", "lib/s")
		hardlink("g", "lib/f")
		hardlink("devl", "lib/dev")
		add("gone", owner=(4, 4))
		add("zero", owner=(4, 4))
	E
	gen archive >b.tar <<-E
		add(".wh.gone")
		add("new")
		hardlink("gone", "new")
		add("zero")
		symlink("lib/s", "x")
	E
	mkdir disk
	cat >run <<-'E'
		mount -t ramfs ramfs disk
		rlc-tar -xf a.tar -C disk/tree --sidecar side || echo failed
		cat side
		rlc-tar -xf b.tar -C disk/tree --sidecar side || echo failed
		echo again
		cat side
	E
	runs 0 unshare -rm sh run
	is "0:0 d .
7:8 c1,3 devl
5:6 f g
4:4 f gone
5:6 l h
1:1 d usr/lib
7:8 c1,3 usr/lib/dev
5:6 f usr/lib/f
5:6 l usr/lib/s
4:4 f zero
again
0:0 d .
7:8 c1,3 devl
5:6 f g
5:6 l h
1:1 d usr/lib
7:8 c1,3 usr/lib/dev
5:6 f usr/lib/f"
}

@test "a second extraction forgets the owners of the first" {
	gen archive >a.tar <<-E
		symlink("s", "x", owner=(5, 6))
		add("f", owner=(5, 6))
		add("p", kind=b"6", owner=(5, 6))
		directory("d", owner=(5, 6))
	E
	gen archive >b.tar <<-E
		symlink("s", "x")
		add("f")
		add("p", kind=b"6")
		directory("d")
	E
	runs 0 rlc-tar -xf a.tar -C tree
	runs 0 rlc-tar -xf b.tar -C tree
	for i in s f p d; do equal "$i $(ids tree $i)" "$i 0:0"; done
}

@test "a whiteout acts on what was there before, wherever it stands" {
	gen archive >a.tar <<-E
		add("d/.wh.gone")
		add("d/.wh.both")
		add("d/both", data=b"new")
		add("e/new", data=b"new")
		add("e/.wh..wh..opq")
		add("e/sub/new", data=b"new")
		add("deep/.wh.x")
		add("nowhere/.wh.x")
		add("link/.wh.seen")
	E
	mkdir -p tree/d/gone/x tree/e/sub/old tree/deep/x/y/z tree/real
	touch tree/d/both tree/d/stays tree/e/new tree/e/old tree/real/seen tree/real/stays
	chmod 555 tree/deep/x/y tree/deep/x
	ln -s real tree/link
	runs 0 rlc-tar -xf a.tar -C tree
	equal "$(cd tree && find . ! -type d | sort | xargs)" './d/both ./d/stays ./e/new ./e/sub/new ./link ./real/stays'
	[ ! -e tree/d/gone ]
	[ ! -e tree/deep/x ]
	[ ! -e tree/nowhere ]
	[ ! -e tree/e/sub/old ]
}

@test "below a whiteout's name there is nothing" {
	gen archive >a.tar <<-E
		add(".wh.x/f")
		add(".wh..wh.plnk/1.2")
		directory(".wh..wh.orph")
		add("good")
	E
	runs 1 rlc-tar -xf a.tar -C tree
	is 'rlc-tar: .wh.x/f: refused: below a whiteout: Invalid argument'
	equal "$(ls -A tree)" good
	runs 0 rlc-tar -xf a.tar -C kept --whiteouts=keep
	[ -f kept/.wh.x/f ]
}

@test "whiteouts for overlayfs, before and after what they hide" {
	gen archive >a.tar <<-E
		add(".wh.gone")
		add(".wh.file")
		add("file", data=b"new")
		add(".wh.dir")
		directory("dir")
		add("dir/f")
		add(".wh.implied")
		add("implied/f")
		directory("later")
		add("later/f")
		add(".wh.later")
		add("opq/.wh..wh..opq")
		directory("opq")
	E
	mkdir -p tree
	runs 0 rlc-tar -xf a.tar -C tree --whiteouts=overlay
	is ''
	equal "$(stat -c '%F %t,%T' tree/gone)" 'character special file 0,0'
	equal "$(cat tree/file)" new
	for i in dir implied later opq; do
		equal "$i $(getfattr --only-values -n user.overlay.opaque tree/$i)" "$i y"
	done
	[ -f tree/dir/f ] && [ -f tree/implied/f ] && [ -f tree/later/f ]
}

@test "modes that keep the owner out do not, and come back" {
	gen archive >a.tar <<-E
		directory("none", mode=0o000)
		add("none/f", mode=0o000, data=b"f", owner=(5, 6))
		symlink("none/s", "x", owner=(7, 8))
		directory("none/sub", mode=0o555)
		add("none/sub/g", mode=0o444, owner=(9, 9))
		add("else")
		add("none/again", mode=0o000, owner=(3, 3))
		hardlink("link", "none/f")
		hardlink("none/sub/link", "none/sub/g")
		add("none/.wh..wh..opq")
	E
	mkdir -p tree/none/sub/old/old
	chmod 555 tree/none/sub/old
	chmod 0 tree/none
	runs 0 rlc-tar -xf a.tar -C tree
	is ''
	equal "$(stat -c %a tree/none)" 0
	runs 0 rlc-tar -xf a.tar -C tree
	is ''
	runs 0 rlc-tar -df a.tar -C tree --exclude '.wh*'
	is ''
	equal "$(ids tree none/f) $(ids tree link) $(ids tree none/s) $(ids tree none/again)" '5:6 5:6 7:8 3:3'
	equal "$(stat -c %a tree/none)" 0
}

@test "a top that nobody can search is extracted into again" {
	gen archive >a.tar <<-E
		directory(".", mode=0o644)
		add("d/f", data=b"x")
	E
	mkdir tree
	runs 0 rlc-tar -xf a.tar -C tree
	equal "$(stat -c %a tree)" 644
	runs 0 rlc-tar -xf a.tar -C tree
	is ''
	equal "$(stat -c %a tree)" 644
	chmod 700 tree
	equal "$(cat tree/d/f)" x
}

@test "a whiteout forgets the owners of what it removes" {
	gen archive >a.tar <<-E
		symlink("s", "x", owner=(5, 6))
		symlink("d/s", "x", owner=(5, 6))
	E
	gen archive >b.tar <<-E
		add(".wh.s")
		add("d/f")
		add(".wh.d")
	E
	runs 0 rlc-tar -xf a.tar -C tree
	runs 0 rlc-tar -xf b.tar -C tree
	runs 1 getfattr --only-values -n user.rlc.dirmap tree tree/d
	has 'tree: user.rlc.dirmap: No such' 'tree/d: user.rlc.dirmap: No such'
}

@test "a disk that is full for one attribute is not full for all" {
	gen archive >a.tar <<-E
		add("big", attrs={"user.a": b"x" * 60000, "user.b": b"x" * 60000})
		hardlink("bad", "nowhere")
		add("last", data=b"last")
	E
	run rlc-tar -xf a.tar -C tree
	has 'bad: '
	equal "$(cat tree/last)" last
}

@test "a file that shrinks while it is packed is named once" {
	mkfifo pipe
	head -c 64M /dev/urandom >big
	rlc-tar -cf pipe big 2>said &
	{
		head -c 1M
		truncate -s 4M big
		cat
	} <pipe >a.tar
	if wait $!; then false; fi
	equal "$(cat said)" 'rlc-tar: big: shrank while it was read: Resource temporarily unavailable'
	equal "$(rlc-tar -tf a.tar)" big
}

@test "a path of thousands of directories" {
	gen archive >a.tar <<-E
		add("d/" * 1990 + "f", data=b"deep")
		add("e/" * 5000 + "f")
		add("last")
	E
	runs 1 rlc-tar -xf a.tar -C tree
	equal "$(rlc-tar -cf - -C tree d | rlc-tar -tf - | tail -n 1 | wc -c)" 3982
	[ -f tree/last ]
	[ ! -e tree/e ]
	rm -rf tree
}
