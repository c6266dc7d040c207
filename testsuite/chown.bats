# SPDX-License-Identifier: Apache-2.0
# rlc-chown and rlc-chgrp: coreutils' interface, on what the container sees.
load lib

# Real root keeps records only when told to; one test at the end is about it as it is.
setup() {
	rlc_setup
	if records; then rec=(); else rec=(--records); fi
}

ch() { rlc-chown "${rec[@]}" "$@"; }
gr() { rlc-chgrp "${rec[@]}" "$@"; }

# own FILE...: the owner of each as the container sees it, symlinks themselves
own() { rlc-stat "${rec[@]}" -c %u:%g "$@" | xargs; }

# A tree with users of its own, who are not the host's
users() {
	mkdir -p "$1/etc"
	printf 'root:x:0:0::/:\nmail:x:8:12::/:\nnews:x:9:13::/:\n55:x:66:77::/:\n' >"$1/etc/passwd"
	printf 'root:x:0:\nmail:x:12:\nwww:x:33:\n55:x:88:\n' >"$1/etc/group"
}

@test "chown OWNER:GROUP is what the container sees, and the record says it" {
	touch f
	ch 42:43 f
	equal "$(own f)" 42:43
	equal "$(record f)" 082a102b
	equal "$(stat -c %u:%g f)" "$(id -u):$(id -g)"
	ch 0:0 f
	equal "$(own f)" 0:0
	equal "$(record f)" ""
}

@test "OWNER, :GROUP, OWNER: and nothing change only what they say" {
	touch f
	ch 42:43 f
	ch :77 f
	equal "$(own f)" 42:77
	ch 7 f
	equal "$(own f)" 7:77
	ch : f
	ch '' f
	equal "$(own f)" 7:77
	gr 5 f
	equal "$(own f)" 7:5
	gr '' f
	equal "$(own f)" 7:5
	ch 0:42 f
	equal "$(record f)" 0800102a
}

@test "a partial change keeps what another program's record kept" {
	touch f
	setfattr -n user.rootlesscontainers -v 0x08ffffffff0f102a f
	ch 9 f
	equal "$(own f)" 9:42
}

@test "fields of a record that we do not know stay" {
	touch f
	setfattr -n user.rootlesscontainers -v 0x0801100218091a0161 f
	ch 3:4 f
	equal "$(record f)" 0803100418091a0161
}

@test "the oldest dialect is taken over, and does not come back" {
	touch f
	setfattr -n user.rootlesscontainers.uid -v 5 f
	setfattr -n user.rootlesscontainers.gid -v 6 f
	ch 7 f
	equal "$(own f)" 7:6
	ch 0:0 f
	equal "$(own f)" 0:0
}

@test "names are those of the tree's own passwd and group" {
	users tree
	touch tree/f
	ch mail:www tree/f
	equal "$(own tree/f)" 8:33
	ch news: tree/f
	equal "$(own tree/f)" 9:13
	gr mail tree/f
	equal "$(own tree/f)" 9:12
	ch --root tree mail:mail /f
	equal "$(own tree/f)" 8:12
	runs 1 ch daemon tree/f
	is "rlc-chown: invalid user: 'daemon' (names are looked up in the tree's own etc/passwd and etc/group: --root DIR)"
	runs 1 gr daemon tree/f
	has "invalid group: 'daemon'"
	equal "$(own tree/f)" 8:12
}

@test "each operand is looked up in its own tree" {
	users one
	mkdir -p two/etc
	echo mail:x:80:80::/: >two/etc/passwd
	touch one/f two/f
	ch mail one/f two/f
	equal "$(own one/f two/f)" "8:0 80:0"
}

@test "a name goes before a number, and + says that it is none" {
	users .
	touch f
	ch 55:55 f
	equal "$(own f)" 66:88
	ch +55:+55 f
	equal "$(own f)" 55:55
	ch 4294967294:4294967294 f
	equal "$(own f)" 4294967294:4294967294
}

@test "passwd is not read through a symlink out of the tree" {
	users outside
	mkdir -p tree/etc
	ln -s "$PWD/outside/etc/passwd" tree/etc/passwd
	touch tree/f
	runs 1 ch --root tree mail f
	has "invalid user: 'mail'"
}

@test "what is no owner is refused and nothing is changed" {
	users .
	touch f
	for spec in -1 4294967295 0x5 +mail 5:6:7 :: nobody :nobody 5: ' 5' 99999999999999999999; do
		runs 1 ch -- "$spec" f
		has invalid
	done
	equal "$(own f)" 0:0
}

@test "OWNER.GROUP is taken with a warning" {
	users .
	touch f
	runs 0 ch mail.www f
	is "rlc-chown: warning: '.' should be ':': 'mail.www'"
	equal "$(own f)" 8:33
	echo a.b:x:3:3::/: >>etc/passwd
	runs 0 ch a.b f
	is ""
	equal "$(own f)" 3:33
}

@test "-v tells of each file, -c of each change, in names" {
	users .
	touch f
	runs 0 ch -v mail:www f
	is "changed ownership of 'f' from root:root to mail:www"
	runs 0 ch --verbose mail f
	is "ownership of 'f' retained as mail"
	runs 0 ch -v : f
	is "ownership of 'f' retained"
	runs 0 gr -v +99 f
	is "changed group of 'f' from www to 99"
	runs 0 gr -v 99 f
	is "group of 'f' retained as 99"
	runs 0 ch -c mail:99 f
	is ""
	runs 0 ch --changes +5 f
	is "changed ownership of 'f' from mail to 5"
	runs 1 ch -v 1:2 missing
	has "rlc-chown: missing: No such file or directory" "failed to change ownership of 'missing' to 1:2"
}

@test "-f leaves out messages about errors, not the status" {
	for quiet in -f --silent --quiet; do
		runs 1 ch "$quiet" 1 missing
		is ""
	done
	runs 1 ch 1 missing
	has missing
}

@test "names that would drive a terminal are shown harmless" {
	touch $'a\nb\e[1m'
	runs 0 ch -v 1 $'a\nb\e[1m'
	is "changed ownership of 'a\\012b\\033[1m' from 0 to 1"
}

@test "--from changes only what has that owner" {
	users .
	touch a b c
	ch 5:6 a
	ch mail:6 b
	ch 5:www c
	ch --from=5 1 a b c
	equal "$(own a b c)" "1:6 8:6 1:33"
	ch --from=:www :2 a b c
	equal "$(own a b c)" "1:6 8:6 1:2"
	ch --from=mail:6 3:3 a b c
	equal "$(own a b c)" "1:6 3:3 1:2"
	runs 0 ch -v --from=9 4 a
	is "ownership of 'a' retained as 1"
}

@test "--reference takes a file's owner, through a symlink" {
	touch ref f
	ln -s ref link
	ch 5:6 ref
	ch -h 7:8 link
	ch --reference=link f
	equal "$(own f)" 5:6
	gr 9 ref
	ch 1:1 f
	gr --reference ref f
	equal "$(own f)" 1:9
	runs 1 ch --reference=missing f
	has "missing: No such file or directory"
	users .
	ch 8:33 ref
	runs 0 ch -v --reference=ref f
	is "changed ownership of 'f' from 1:9 to mail:www"
}

@test "a named symlink is followed; -h changes itself" {
	touch f
	ln -s f link
	ln -s nowhere dangling
	ch 1:1 link
	equal "$(own f link)" "1:1 0:0"
	ch -h 2:2 link
	equal "$(own f link)" "1:1 2:2"
	ch --no-dereference 3:3 link
	equal "$(own f link)" "1:1 3:3"
	ch -h --dereference 4:4 link
	equal "$(own f link)" "4:4 3:3"
	runs 1 ch 5:5 dangling
	has "dangling: cannot dereference: No such file or directory"
	ch -h 5:5 dangling
	equal "$(own dangling)" 5:5
}

@test "symlinks are followed within the tree only" {
	mkdir -p tree/etc tree/sub etc
	touch tree/etc/f outside
	ln -s /etc/f tree/absolute
	ln -s ../../../etc/f tree/sub/up
	ln -s sub/up tree/chain
	ln -s "$PWD/outside" tree/out
	ln -s loop tree/loop
	ch --root tree 1:1 absolute
	equal "$(own tree/etc/f)" 1:1
	ch --root tree 2:2 sub/up
	equal "$(own tree/etc/f)" 2:2
	ch --root tree 3:3 /chain
	equal "$(own tree/etc/f)" 3:3
	runs 1 ch --root tree 4:4 out
	runs 1 ch --root tree 4:4 loop
	equal "$(own outside)" 0:0
	runs 1 ch --root tree 4:4 ../outside
	equal "$(own outside)" 0:0
}

@test "a FIFO and a symlink behind a symlink get their owner where they stand" {
	mkdir d
	mkfifo d/p
	ln -s d/p link
	ch 5:6 link
	equal "$(own d/p)" 5:6
	equal "$(getfattr -n user.rlc.dirmap --only-values . 2>/dev/null | wc -c)" 0
}

# d/f d/sub/g d/file@->f d/dir@->../t d/dangling@; t/x; top@->d
links() {
	mkdir -p d/sub t
	touch d/f d/sub/g t/x
	ln -s f d/file
	ln -s ../t d/dir
	ln -s nowhere d/dangling
	ln -s d top
}

@test "-R changes all below, symlinks themselves, and goes through none" {
	links
	ch -R 1:1 d
	equal "$(own d d/f d/sub d/sub/g d/file d/dir d/dangling)" "1:1 1:1 1:1 1:1 1:1 1:1 1:1"
	equal "$(own t t/x)" "0:0 0:0"
	ch --recursive 2:2 top
	equal "$(own top d d/f)" "2:2 1:1 1:1"
	ch -RH -P 3:3 top
	equal "$(own top d)" "3:3 1:1"
}

@test "-R -v shows directories after what is in them" {
	links
	runs 0 ch -Rv 1:1 d
	equal "${lines[-1]}" "changed ownership of 'd' from 0:0 to 1:1"
	equal "${lines[-2]}" "changed ownership of 'd/sub' from 0:0 to 1:1"
	equal "${lines[-3]}" "changed ownership of 'd/sub/g' from 0:0 to 1:1"
	equal "${#lines[@]}" 7
}

@test "-R -H goes through the named symlink, and changes what others lead to" {
	links
	runs 1 ch -RH 1:1 top
	is "rlc-chown: top/dangling: cannot dereference: No such file or directory"
	equal "$(own top d d/f d/sub/g d/file d/dir)" "0:0 1:1 1:1 1:1 0:0 0:0"
	equal "$(own t t/x)" "1:1 0:0"
	ch -RHh 2:2 top
	equal "$(own top d d/f d/file d/dir d/dangling)" "2:2 1:1 2:2 2:2 2:2 2:2"
	equal "$(own t t/x)" "1:1 0:0"
}

@test "-R -L goes through all symlinks" {
	links
	runs 1 ch -RL 1:1 top
	equal "$(own top d d/f d/sub/g d/file d/dir t t/x)" "0:0 1:1 1:1 1:1 0:0 0:0 1:1 1:1"
	ch -RLh 2:2 top
	equal "$(own top d d/f d/file d/dir d/dangling t t/x)" "2:2 1:1 2:2 2:2 2:2 2:2 1:1 2:2"
	ln -s ../d d/sub/circle
	runs 1 ch -RL 3:3 d
	equal "$(own d d/f)" "3:3 3:3"
}

@test "-R --dereference without -H or -L is wrong" {
	links
	runs 2 ch -R --dereference 1 d
	has "-R --dereference needs -H or -L too"
	runs 1 ch -RH --dereference 1 d
	equal "$(own t)" 1:0
}

@test "--preserve-root refuses all of the tree, --no-preserve-root does not" {
	mkdir -p tree/sub
	touch tree/f
	ln -s .. tree/sub/up
	runs 1 ch -R --root tree --preserve-root 1:1 /
	is "rlc-chown: it is dangerous to operate recursively on '/'
rlc-chown: use --no-preserve-root to do it all the same"
	runs 1 ch -R --root tree --preserve-root 1:1 sub/..
	has "on '/' (which 'sub/..' is)"
	equal "$(own tree tree/f)" "0:0 0:0"
	runs 1 ch -RL --root tree --preserve-root 1:1 sub
	equal "$(own tree tree/f tree/sub)" "0:0 0:0 1:1"
	ch -R --root tree --preserve-root --no-preserve-root 2:2 /
	equal "$(own tree tree/f)" "2:2 2:2"
	ch -R --root tree 3:3 /
	equal "$(own tree)" 3:3
	ch --root tree --preserve-root 4:4 /
	equal "$(own tree)" 4:4
}

@test "setuid, setgid and kept capabilities are taken away where chown(2) does" {
	touch all group
	mkdir dir
	chmod 6755 all
	chmod 2644 group
	chmod 6755 dir
	setfattr -n user.rlc.kept.security.capability -v 0x01 all
	ch 1:1 all group dir
	equal "$(stat -c %a all group dir | xargs)" "755 2644 6755"
	run getfattr -d -m kept all
	lacks kept
	chmod 4755 all
	ch 1:1 all
	equal "$(stat -c %a all)" 755
	chmod 4755 all
	ch : all
	equal "$(stat -c %a all)" 755
	chmod 4755 all
	ch --from=9 1 all
	equal "$(stat -c %a all)" 4755
}

@test "modes that keep their owner out are no obstacle, and stay" {
	mkdir d d/none d/read
	touch d/zero d/read/f d/none/f
	chmod 0 d/zero d/none
	chmod 555 d/read
	ln -s x d/read/link 2>/dev/null || { chmod 755 d/read; ln -s x d/read/link; chmod 555 d/read; }
	ch -R 5:6 d
	equal "$(own d/zero d/none d/read d/read/f d/read/link)" "5:6 5:6 5:6 5:6 5:6"
	equal "$(stat -c %a d/zero d/none d/read | xargs)" "0 0 555"
	chmod 700 d/none
	equal "$(own d/none/f)" 5:6
}

@test "a malformed record is replaced by a whole owner, and never merged with" {
	touch f
	setfattr -n user.rootlesscontainers -v 0x08 f
	runs 1 ch 5 f
	has "rlc-chown: f: the record is malformed"
	equal "$(record f)" 08
	ch 5:6 f
	equal "$(record f)" 08051006
}

@test "many files: all of them, by two processes where there are two processors" {
	mkdir d d/sub
	(cd d && seq -f f%g 1 1500 | xargs touch && seq -f sub/f%g 1 700 | xargs touch)
	ln -s x d/link
	mkfifo d/sub/p
	ch -R 5:6 d
	equal "$(find d | wc -l)" 2204
	equal "$(rlc-ls "${rec[@]}" -lnR d | awk 'NF > 8 && ($3 != 5 || $4 != 6)' | wc -l)" 0
	ch -R :9 d
	equal "$(rlc-ls "${rec[@]}" -lnR d | awk 'NF > 8 && ($3 != 5 || $4 != 9)' | wc -l)" 0
	for i in 1 2 3 4 5 6; do setfattr -n user.rootlesscontainers -v 0x08 "d/sub/f69$i"; done
	runs 1 ch -R 8 d
	equal "${#lines[@]}" 6
	equal "$(own d/f1500 d/sub/f700 d/sub d/link d/sub/p)" "8:9 8:9 8:9 8:9 8:9"
}

@test "hard links have one owner" {
	touch a
	ln a b
	ch 5:6 b
	equal "$(own a)" 5:6
}

@test "--base-owner is what one's own files are inside" {
	touch f
	ch --base-owner 7:8 7:8 f
	equal "$(record f)" ""
	ch --base-owner 7:8 0:8 f
	equal "$(record f)" 08001008
	runs 2 ch --base-owner 7 1 f
	has "not UID:GID"
}

@test "--sidecar takes what the directory has no room for" {
	mkdir d
	name=$(printf '%0200d' 0)
	seq -f "d/$name%g" 500 | xargs -n 1 ln -s x
	runs 1 ch -R 5:6 d
	has "no room to keep the owners of all its symlinks" "--sidecar"
	runs 0 ch -R --sidecar "$WORK/side" 5:6 d
	[ -s side ]
	equal "$(rlc-ls "${rec[@]}" --sidecar side -ln d | awk 'NF > 8 && ($3 != 5 || $4 != 6)' | wc -l)" 0
	ch -R --sidecar side 0:0 d
	[ ! -s side ]
}

@test "wrong usage is 2" {
	touch f
	runs 2 ch
	runs 2 ch 1
	runs 2 ch --reference=f
	runs 2 ch --nonsense 1 f
	has "rlc-chown: unknown option '--nonsense'"
	runs 0 ch --help
	has "Usage: rlc-chown [OPTION]... OWNER[:[GROUP]] FILE..."
	runs 0 gr --help
	has "Usage: rlc-chgrp [OPTION]... GROUP FILE..."
}

# As real root: twin trees, one for each program, and the same words
twins() {
	for side in a b; do
		rm -rf "$side"
		mkdir "$side"
		(cd "$side" && links && rm d/file d/dangling && ln -s nowhere dangling &&
			mkdir etc && cp /etc/passwd /etc/group etc && chmod 6755 d/f)
	done
}

@test "real root's files are really given away, as chown says it, but for --records" {
	if records; then
		touch f
		rlc-chown --records 5:6 f
		equal "$(record f)" 08051006
		return
	fi
	while read -r command; do
		twins
		(cd a && $command 2>/dev/null | sort) >want
		(cd b && rlc-$command 2>/dev/null | sort) >got
		same want got
		for side in a b; do (cd $side && find . -printf '%p %U:%G %m\n' | sort >../$side.list); done
		same a.list b.list
	done <<-'END'
		chown -Rv 5:6 d
		chown -RHv 5:6 top
		chown -RLv root:games top
		chown -RLhv 7: top
		chown -RHhv :8 top
		chown -hv mail:mail top
		chown -v mail d/dir
		chown -c +5 d/f d/sub
		chown -v --from=0:0 1 d/f
		chown -v --from=5 1 d/f
		chown -v daemon: d/f
		chown -v --reference=d/f t/x
		chgrp -Rv mail d
		chgrp -c 0 d
		chown -v : d/f
		chown -hv 1:2 dangling
	END
	touch f
	rlc-chown --records 5:6 f
	equal "$(stat -c %u:%g f)" 0:0
	equal "$(record f)" 08051006
	rlc-chown 7:8 f
	equal "$(stat -c %u:%g f)" 7:8
}
