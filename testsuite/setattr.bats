# SPDX-License-Identifier: Apache-2.0
# rlc-setattr: set, clear, restore, and other programs' stores both ways.
load lib

attr() { getfattr --absolute-names --only-values -n "$2" "$1" 2>/dev/null; }
put() { setfattr -n "$2" -v "$3" "$1"; }

# What the container sees of a tree, and what is stored
seen() { (cd "$1" && rlc-ls --records -lnRA | grep -v ^total); }
dump() { rlc-getattr -R --dump --root "$1" . 2>/dev/null; }

@test "UID:GID is written as it is said" {
	touch f
	while read -r owner hex; do
		rlc-setattr "$owner" f
		equal "$owner $(record f)" "$owner $hex"
	done <<-'END'
		42:43 082a102b
		keep:42 08ffffffff0f102a
		7:keep 080710ffffffff0f
		0:42 0800102a
		4294967294:1 08feffffff0f1001
		0:0
		5:5 08051005
		keep:keep
	END
}

@test "what is no owner is wrong usage" {
	touch f
	for owner in 1 1: :1 x:1 -1:1 1:4294967295 keep 1:2:3 '1: 2' 99999999999:1 ''; do
		runs 2 rlc-setattr -- "$owner" f
		has "is not UID:GID in numbers, or keep"
	done
	equal "$(record f)" ""
}

@test "no chown, no symlink followed, no bits cleared, for real root neither" {
	touch f
	ln -s f link
	chmod 6755 f
	rlc-setattr 1:2 f
	rlc-setattr 3:4 link
	equal "$(stat -c '%u:%g %a' f)" "$(id -u):$(id -g) 6755"
	equal "$(rlc-getattr f link | xargs)" "f: uid=1 gid=2 link: uid=3 gid=4"
}

@test "-R sets all below, --clear removes" {
	mkdir d d/e
	touch d/f d/e/g
	ln -s f d/link
	rlc-setattr 1:2 d
	equal "$(rlc-getattr -R d)" "d: uid=1 gid=2"
	rlc-setattr -R 3:4 d
	equal "$(dump d | cut -d' ' -f1 | sort -u)" 3:4
	equal "$(dump d | wc -l)" 5
	rlc-setattr --clear d/f
	equal "$(rlc-getattr d/f)" "d/f: none"
	rlc-setattr --recursive --clear d
	equal "$(dump d | cut -d' ' -f1 | sort -u)" "-:-"
	run getfattr -d -m - d
	is ""
}

@test "a malformed record can be replaced and cleared" {
	touch a b
	put a user.rootlesscontainers 0x08
	put b user.rootlesscontainers 0x08
	rlc-setattr 1:2 a
	rlc-setattr --clear b
	equal "$(record a)" 08011002
	equal "$(record b)" ""
	mkdir d
	ln -s x d/link
	put d user.rlc.dirmap 0xff
	rlc-setattr 5:6 d/link
	equal "$(rlc-getattr d/link)" "d/link: uid=5 gid=6"
}

@test "--base-owner: what the owner is anyway needs no record" {
	touch f
	rlc-setattr --base-owner 7:8 7:8 f
	equal "$(record f)" ""
	rlc-setattr --base-owner 7:8 0:0 f
	equal "$(record f)" 08001000
}

@test "--root stays beneath it" {
	mkdir -p tree/etc
	touch tree/etc/f outside
	ln -s "$PWD" tree/out
	rlc-setattr --root tree 1:2 /etc/f ../etc/../etc/f
	equal "$(record tree/etc/f)" 08011002
	runs 1 rlc-setattr --root tree 1:2 out/outside
	equal "$(record outside)" ""
}

@test "--sidecar takes what a directory has no room for" {
	mkdir d
	name=$(printf '%0200d' 0)
	seq -f "d/$name%g" 500 | xargs -n 1 ln -s x
	runs 1 rlc-setattr -R 1:2 d
	has "no room"
	rlc-setattr -R --sidecar side 1:2 d
	equal "$(rlc-getattr -R --sidecar side d | grep -c 'uid=1 gid=2')" 501
}

@test "what is not there is exit 1, and the rest is done" {
	touch f
	runs 1 rlc-setattr 1:2 missing f
	is "rlc-setattr: missing: No such file or directory"
	equal "$(record f)" 08011002
}

# A tree of all kinds: owners, modes, devices in disguise
kinds() {
	mkdir -p "$1/dir/none" "$1/bin" "$1/dev"
	(
		cd "$1"
		echo hello >file
		touch 'bin/odd \name' bin/keep bin/zero
		cp file bin/suid
		ln bin/suid bin/hard
		ln -s ../file bin/link
		mkfifo dev/fifo
		/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("dev/socket")'
		rlc-mknod --records -m 666 dev/null c 1 3
		rlc-mknod --records -m 660 dev/sda b 8 1
		rlc-setattr 0:6 dev/sda
		rlc-setattr 1:2 file bin/link
		rlc-setattr 3:4 dev/fifo dev/socket
		rlc-setattr keep:5 bin/keep
		rlc-setattr 6:0 'bin/odd \name' dir/none
		rlc-setattr 7:8 bin/suid bin/zero bin
		chmod 6755 bin/suid
		chmod 1777 dir
		chmod 2750 bin
		chmod 0 bin/zero
		chmod 555 dir/none
	)
}

@test "--restore brings every record into the state that --dump saw" {
	kinds tree
	dump tree >before
	seen tree >seen
	rlc-setattr -R 9:9 tree
	rlc-setattr -R --root tree --restore=before
	dump tree >after
	same before after
	seen tree >seen2
	same seen seen2
	rlc-setattr -R --clear tree
	rlc-setattr --root tree --restore - <before
	dump tree >after
	same before after
}

@test "--restore makes a device again of an empty file" {
	touch null full
	echo x >full
	printf '%s\n' '0:5 c1,3 null' '0:5 b8,1 full' >list
	runs 1 rlc-setattr --restore list
	is "rlc-setattr: full: not restored: it is of another type now"
	equal "$(rlc-getattr null)" "null: uid=0 gid=5 mode=0644 device=c1,3"
	equal "$(record full)" ""
}

@test "--restore tells what it cannot do, and does the rest" {
	touch a b
	mkdir d
	printf '%s\n' '# a comment' '' '1:2 f a' nonsense '1:2 d b' '1:2 f missing' '1:2 f no/such' '3:4 d d' '5:6 f ./b' >list
	runs 1 rlc-setattr --restore list
	is "rlc-setattr: list: line 4 is malformed
rlc-setattr: b: not restored: it is of another type now
rlc-setattr: missing: No such file or directory
rlc-setattr: no/such: No such file or directory"
	equal "$(rlc-getattr a b d | xargs)" "a: uid=1 gid=2 b: uid=5 gid=6 d: uid=3 gid=4"
	runs 1 rlc-setattr --restore missing
	runs 2 rlc-setattr --restore list a
}

@test "--restore with --root leaves the tree by no path" {
	mkdir -p tree/sub
	touch outside
	ln -s "$PWD" tree/out
	printf '%s\n' '1:2 f ../outside' '1:2 f out/outside' '1:2 f sub/../../outside' '3:4 d ..' >list
	runs 1 rlc-setattr --root tree --restore list
	equal "$(record outside)" ""
	equal "$(rlc-getattr . tree | xargs)" ".: none tree: uid=3 gid=4"
}

@test "fakeroot's save file is taken over, and fakeroot sees what it saw" {
	mkdir tree
	cd tree
	fakeroot -s ../save -- sh -c '
		mkdir d d/s; touch d/f d/suid d/zero; chown 1:2 d/f; chown 3:4 d/suid; chmod 4755 d/suid
		mknod d/null c 1 3; mknod d/sda b 8 1; mkfifo d/p; ln -s f d/l; chown -h 5:6 d/l d/p
		chmod 0 d/zero; chown 7:8 d; chmod 2755 d/s; chown 0:9 d/null; chmod 1777 d
		find . -printf "%p %U:%G %m %y\n" | sort >../want'
	rlc-setattr --import=fakeroot --file=../save .
	rlc-stat --records -c '%n %u:%g %a' $(find . | sort) | sed 's/ \./ ./' >../got
	cut -d' ' -f1-3 ../want >../wanted
	same ../wanted ../got
	equal "$(rlc-stat --records -c '%F %t,%T' d/null d/sda)" "character special file 1,3
block special file 8,1"
	rlc-setattr --export=fakeroot --file=../save2 .
	fakeroot -i ../save2 -- find . -printf '%p %U:%G %m %y\n' | sort >../again
	same ../want ../again
}

@test "what rlc made is seen so under fakeroot" {
	kinds tree
	rm tree/dev/socket
	rlc-setattr --export=fakeroot tree >save
	fakeroot -i save -- find tree -printf '%p %U:%G %m\n' | sort >got
	find tree | sort | while read -r name; do
		rlc-stat --records -c '%n %u:%g %a' "$name"
	done >want
	same want got
	fakeroot -i save -- stat -c '%F %t,%T' tree/dev/null >got
	equal "$(cat got)" "character special file 1,3"
	rlc-setattr -R --clear tree
	rlc-setattr --import=fakeroot tree <save
	find tree | sort | while read -r name; do
		rlc-stat --records -c '%n %u:%g %a' "$name"
	done >got
	same want got
}

@test "fakeroot's file must be one, and about this tree" {
	mkdir a b
	touch a/f b/f
	rlc-setattr --export=fakeroot --file=save a
	runs 1 rlc-setattr --import=fakeroot --file=save b
	is "rlc-setattr: fakeroot says nothing of these files"
	sed -i '1s/.*/nonsense/' save
	runs 1 rlc-setattr --import=fakeroot --file=save a
	has "rlc-setattr: save: line 1: malformed"
	ino=$(stat -c %i a/f)
	dev=$(stat -c %D a/f)
	echo "dev=$dev,ino=$ino,mode=40755,uid=1,gid=1,nlink=1,rdev=0" >save
	runs 1 rlc-setattr --import=fakeroot --file=save a
	is "rlc-setattr: a/f: not imported: the store says that it is of another type"
	equal "$(rlc-getattr a/f)" "a/f: none"
	runs 1 rlc-setattr --import=fakeroot --file=missing a
	runs 1 rlc-setattr --export=fakeroot --file=no/such a
}

@test "containers/storage's override_stat is taken over" {
	mkdir d
	touch d/f d/suid d/null d/three d/pipe
	put d user.containers.override_stat 10:20:0711:dir
	put d/f user.containers.override_stat 1:2:0640:file
	put d/suid user.containers.override_stat 0:5:4755:file
	put d/null user.containers.override_stat 0:0:0666:char-1-3
	put d/three user.containers.override_stat 7:8:0600
	put d/pipe user.containers.override_stat 3:4:0622:pipe
	rlc-setattr --import=override d
	equal "$(stat -c %a d d/f d/suid d/three d/pipe | xargs)" "711 640 4755 600 622"
	equal "$(record d)" 080a1014
	equal "$(record d/f)" 08011002
	equal "$(record d/suid)" 08001005
	equal "$(rlc-stat --records -c '%F %t,%T %a' d/null)" "character special file 1,3 666"
	equal "$(rlc-stat --records -c '%u:%g' d/three)" 7:8
	[ -p d/pipe ]
	equal "$(rlc-getattr d/pipe)" "d/pipe: uid=3 gid=4"
	put d/f user.containers.override_stat nonsense
	runs 1 rlc-setattr --import=override d
	has "d/f: "
}

@test "override_stat is exported, and what it cannot keep is told once" {
	kinds tree
	seen tree >want
	runs 1 rlc-setattr --export=override tree
	is "rlc-setattr: override cannot keep the owners of 3 symlinks, FIFOs, sockets or devices: left out"
	equal "$(attr tree/file user.containers.override_stat)" 1:2:0644:file
	equal "$(attr tree/bin/suid user.containers.override_stat)" 7:8:6755:file
	equal "$(attr tree/bin user.containers.override_stat)" 7:8:2750:dir
	equal "$(attr tree/dev/sda user.containers.override_stat)" 0:6:0660:block-8-1
	seen tree >got
	same want got
	rlc-setattr -R --clear tree/bin/zero
	chmod 600 tree/bin/zero
	put tree/bin/zero user.containers.override_stat 7:8:0000:file
	rlc-setattr --import=override tree
	seen tree >got
	same want got
}

@test "fuse-overlayfs's override_stat goes both ways" {
	mkdir d
	touch d/f d/g
	put d/f user.fuseoverlayfs.override_stat 1:2:4711
	rlc-setattr --import=fuseoverlayfs d
	equal "$(record d/f) $(stat -c %a d/f)" "08011002 4711"
	rlc-setattr 3:4 d/g
	rlc-mknod --records d/null c 1 3
	runs 1 rlc-setattr --export=fuseoverlayfs d
	has "fuseoverlayfs cannot keep the owners of 1 "
	equal "$(attr d/g user.fuseoverlayfs.override_stat)" 3:4:0644
	equal "$(attr d/null user.fuseoverlayfs.override_stat)" ""
	if [ "$ENVIRONMENT" = root ]; then
		touch d/s
		put d/s security.fuseoverlayfs.override_stat 5:6:0600
		rlc-setattr --import=fuseoverlayfs d
		equal "$(record d/s)" 08051006
	fi
}

@test "9p's attributes are taken over, with what stands there as files" {
	mkdir d
	touch d/f d/null d/fifo
	printf ../target >d/link
	put d/f user.virtfs.uid 0x01000000
	put d/f user.virtfs.gid 0xe8030000
	put d/f user.virtfs.mode 0xed890000
	put d/null user.virtfs.uid 0x00000000
	put d/null user.virtfs.mode 0xb6210000
	put d/null user.virtfs.rdev 0x0301000000000000
	put d/fifo user.virtfs.gid 0x05000000
	put d/fifo user.virtfs.mode 0xa4110000
	put d/link user.virtfs.uid 0x07000000
	put d/link user.virtfs.gid 0x08000000
	put d/link user.virtfs.mode 0xffa10000
	touch -d '2001-02-03 04:05:06' d/link
	rlc-setattr --import=virtfs d
	equal "$(rlc-getattr d/f d/fifo d/link)" "d/f: uid=1 gid=1000
d/fifo: uid=0 gid=5
d/link: uid=7 gid=8"
	equal "$(stat -c '%F %a' d/f d/fifo)" "regular empty file 4755
fifo 644"
	equal "$(readlink d/link) $(stat -c %y d/link)" "../target 2001-02-03 04:05:06.000000000 +0000"
	equal "$(rlc-stat --records -c '%F %t,%T %a' d/null)" "character special file 1,3 666"
	put d/f user.virtfs.uid 0x0100
	runs 1 rlc-setattr --import=virtfs d
	has "d/f: cannot read what the store says: malformed"
}

@test "9p's attributes go out and back, and all is as it was" {
	kinds tree
	seen tree >want
	dump tree | grep -v keep >wanted
	rlc-setattr --export=virtfs tree
	equal "$(find tree -not -type f -not -type d | wc -l)" 0
	equal "$(cat tree/bin/link)" ../file
	equal "$(getfattr -e hex --only-values -n user.virtfs.mode tree/bin/suid | od -An -tx1 | xargs)" "ed 8d 00 00"
	rlc-setattr -R --clear tree
	rlc-setattr --import=virtfs tree
	seen tree >got
	same want got
	dump tree | grep -v bin/keep >got
	same wanted got
}

@test "a hostile store changes nothing but its own file" {
	mkdir -p d out
	touch d/block d/dir out/f
	echo "content" >d/full
	ln -s ../out/f d/link
	printf 'a\0b' >d/nul
	put d/full user.virtfs.mode 0xb6210000
	put d/dir user.virtfs.mode 0xed410000
	put d/nul user.virtfs.mode 0xffa10000
	put d/block user.virtfs.mode 0xffa10000
	runs 1 rlc-setattr --import=virtfs d
	has "d/full: not imported" "d/dir: not imported" "d/nul: not imported" "d/block: not imported"
	equal "$(cat d/full)" content
	equal "$(stat -c %F d/full d/dir d/nul d/block | sort -u | xargs)" "regular empty file regular file"
	equal "$(ls -A d | xargs)" "block dir full link nul"
	run getfattr -d -m - out/f
	is ""
}

@test "wrong usage is 2" {
	touch f
	runs 2 rlc-setattr
	runs 2 rlc-setattr 1:2
	runs 2 rlc-setattr --clear
	runs 2 rlc-setattr --clear --import=override f
	has "only one of --clear, --restore, --import and --export"
	runs 2 rlc-setattr --import=nonsense f
	has "'nonsense' is none of fakeroot, override, fuseoverlayfs, virtfs"
	runs 2 rlc-setattr --import=override --file=x f
	runs 2 rlc-setattr --file=x 1:2 f
	runs 2 rlc-setattr --export=override
	runs 0 rlc-setattr --help
	has "Usage: rlc-setattr [OPTION]... UID:GID PATH..."
}
