# SPDX-License-Identifier: Apache-2.0
# rlc-ls: the container's view, byte for byte what ls prints.
load lib

setup() {
	rlc_setup
	mkdir tree
	cd tree
}

# attr FILE NAME HEX: sets an attribute.
attr() {
	/usr/bin/python3 -c '
import os, sys
os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))' "$@"
}

# rls ARGUMENT...: rlc-ls, as root with records
rls() {
	if records; then rlc-ls "$@"; else rlc-ls --records "$@"; fi
}

# like_ls ARGUMENT...: rlc-ls prints what ls prints. One's own ids are shown as they are.
like_ls() {
	ls "$@" >../want
	rlc-ls --base-owner "$(id -u):$(id -g)" "$@" >../got
	same ../want ../got || { echo "ls $*"; return 1; }
}

# Files of many kinds, sizes and times
kinds() {
	mkdir -p dir/sub .hidden
	echo hello >file
	echo hello >.dot
	echo hello >-dash
	printf '#!/bin/sh\n' >script
	chmod 755 script
	truncate -s 1234567 sparse
	truncate -s 10138 ten
	truncate -s 1048575 almost
	head -c 100000 /dev/zero >zeros
	ln file hard
	ln -s file link
	ln -s dir dirlink
	ln -s script scriptlink
	ln -s nowhere broken
	mkfifo fifo
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	chmod 4755 hard
	chmod 2644 ten
	chmod 1777 dir
	chmod 1666 zeros
	touch -d '2001-02-03 04:05:06.700000007' ten
	touch -d '1969-12-31 23:59:58.5' sparse
	touch -d '2030-01-01' almost
	touch -d '170 days ago' script
	touch -d '200 days ago' zeros
	touch dir/{one,two,three}
	touch -h -d '2020-02-29 12:13:14' link
}

@test "every option prints what ls prints" {
	kinds
	for options in -1 -a -A -d -F -i -s -S -t -r -R -C -la -lA -ld -lF -lh -li -ls -lsh -lS \
		-lSr -lt -ltr -lr -lR -laR -lsihR -sh -si -tr -Sr -RF -aF -CF -Ca -Cis -C1 -1C -l1 \
		-CR -laF; do
		for operands in . 'file link dir/ hard dirlink' dirlink/; do
			if [[ $options == *l* ]]; then long=-n; else long=; fi
			like_ls $long $options $operands
		done
	done
	like_ls -n --full-time . dir
	like_ls -n -- -dash .dot
}

@test "the words are the letters" {
	kinds
	for pair in a:all A:almost-all d:directory F:classify h:human-readable i:inode \
		n:numeric-uid-gid r:reverse R:recursive s:size; do
		equal "$(rlc-ls -s --"${pair#*:}")" "$(rlc-ls -s -"${pair%%:*}")"
	done
}

@test "-l alone does what -n does, but for names" {
	kinds
	sed -n 1,1p <(rlc-ls -l) >../total
	[[ $(cat ../total) == total\ * ]]
	equal "$(rlc-ls -l file | awk '{ print $1, $2, $5, $9 }')" \
		"$(ls -ln file | awk '{ print $1, $2, $5, $9 }')"
}

@test "recent times show the hour, the others the year" {
	touch -d '2001-02-03 04:05:06.7' old
	touch -d '2 hours' future
	touch -d '180 days ago' half
	touch -d '184 days ago' more
	like_ls -ln
	[[ $(rlc-ls -l old) == *'Feb  3  2001 old' ]]
	[[ $(rlc-ls -l --full-time old) == *'2001-02-03 04:05:06.700000000 +0000 old' ]]
}

@test "times are those of TZ" {
	touch -d '2001-02-03 04:05:06.7' old
	TZ=ABC-5:30 like_ls -ln --full-time
	TZ=ABC3:15DEF,M3.2.0,M11.1.0 like_ls -ln --full-time
	TZ=ABC-5:30 runs 0 rlc-ls --full-time old
	has '2001-02-03 09:35:06.700000000 +0530 old'
}

@test "names with all sorts of bytes" {
	touch 'with space' $'new\nline' $'esc\033[31m' "quo'te" 'é' $'\377\376' '*'
	mkdir $'d\nir'
	like_ls -lnR
	like_ls -R
	like_ls -F1
	runs 0 rlc-ls --json
	has '"path":"./new\u000aline"' '"path":"./\udcff\udcfe"' '"path":"./é"'
}

@test "columns" {
	touch {a..z} {a..z}{1..3} a-much-longer-name another-long-name-among-them é ééé
	for width in 1 3 40 80 81 200; do
		COLUMNS=$width like_ls -C
		COLUMNS=$width like_ls -CFis
	done
	mkdir empty one
	touch one/one
	like_ls -C empty
	like_ls -C one
}

@test "on a terminal: columns, and nothing that it would obey" {
	touch a b c $'esc\033[31m' $'\302\233m' $'bad\377'
	runs 0 /usr/bin/python3 -c '
import os, pty, sys
pid, fd = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
data = b""
try:
    while chunk := os.read(fd, 4096):
        data += chunk
except OSError:
    pass
os.waitpid(pid, 0)
sys.stdout.buffer.write(data.replace(b"\r", b""))' rlc-ls
	is 'a  b  bad?  c  esc?[31m  ?m'
}

@test "owners come from records, names from the tree's own files" {
	mkdir etc
	echo 'root:x:0:0:root:/root:/bin/sh
mail:x:8:12::/:/bin/false' >etc/passwd
	echo 'root:x:0:
daemons:x:12:
shadow:x:42:' >etc/group
	touch -d 2001-02-03 plain kept unnamed
	rlc-chown 8:42 kept
	rlc-chown 1234:12 unnamed
	runs 0 rlc-ls -l kept unnamed plain
	is '-rw-r--r-- 1 mail shadow  0 Feb  3  2001 kept
-rw-r--r-- 1 root root    0 Feb  3  2001 plain
-rw-r--r-- 1 1234 daemons 0 Feb  3  2001 unnamed'
	runs 0 rlc-ls -n kept unnamed plain
	is '-rw-r--r-- 1    8 42 0 Feb  3  2001 kept
-rw-r--r-- 1    0  0 0 Feb  3  2001 plain
-rw-r--r-- 1 1234 12 0 Feb  3  2001 unnamed'
	local here=$PWD
	cd /
	runs 0 rlc-ls -l "$here/kept"
	has ' mail shadow 0 '
	runs 0 rlc-ls --json "$here/unnamed"
	has '"uid":1234,"gid":12,"user":null,"group":"daemons"'
}

@test "operands of several trees have names of their own" {
	for tree in one two; do
		mkdir -p $tree/etc
		echo "user$tree:x:8:8::/:" >$tree/etc/passwd
		echo "group$tree:x:8:" >$tree/etc/group
		touch -d 2001-02-03 $tree/f
		rlc-chown 8:8 $tree/f
	done
	runs 0 rlc-ls -l one/f two/f
	is '-rw-r--r-- 1 userone groupone 0 Feb  3  2001 one/f
-rw-r--r-- 1 usertwo grouptwo 0 Feb  3  2001 two/f'
	runs 0 rlc-ls -l one two
	has 'userone groupone' 'usertwo grouptwo'
}

@test "--root: paths, symlinks and names are the tree's" {
	mkdir etc dir
	echo 'inner:x:8:8::/:' >etc/passwd
	ln -s /etc abs
	ln -s ../../../../.. up
	touch -d 2001-02-03 dir/f
	rlc-chown 8:8 dir/f
	cd ..
	echo 'outer:x:8:8::/:' >passwd
	runs 0 rlc-ls --root tree /abs
	is passwd
	runs 0 rlc-ls --root tree up
	is $'abs\ndir\netc\nup'
	runs 0 rlc-ls --root tree -l /dir/f
	[[ $output =~ ^-rw-r--r--\ 1\ inner\ +8\ 0\ Feb\ +3\ +2001\ /dir/f$ ]]
	runs 1 rlc-ls --root tree ../passwd
	has 'No such file'
	equal "$(rlc-ls --root tree -ai . | awk '$2 == "." || $2 == ".." { print $1 }' | uniq | wc -l)" 1
	runs 0 rlc-ls --root tree -ldF abs
	has 'abs -> /etc/'
}

@test "--records: as root, records count only where it is given" {
	touch f
	attr f user.rootlesscontainers 08071008
	runs 0 rlc-ls -n f
	if records; then has ' 7 8 0 '; else has ' 0 0 0 '; fi
	runs 0 rls -n f
	has ' 7 8 0 '
}

@test "--base-owner: what is one's own is shown as that" {
	touch f g
	attr g user.rootlesscontainers 08071008
	runs 0 rls --base-owner 100:200 -n f g
	has ' 100 200 0 ' ' 7   8 0 '
	runs 2 rlc-ls --base-owner me f
	has "--base-owner: 'me' is not"
}

@test "--sidecar: what no attribute can keep is read from a file" {
	mkfifo pipe
	touch device
	printf '5:6 p pipe\n7:8 c5,1 device\n' >../side
	runs 0 rls -n --sidecar ../side pipe device
	has ' 5 6 ' ' 7 8 5, 1 '
	lacks pipe,
}

@test "the owners of symlinks and FIFOs" {
	ln -s nowhere l
	mkfifo p
	rlc-chown -h 5:6 l
	rlc-chown 7:8 p
	runs 0 rlc-ls -n
	has ' 5 6 ' ' 7 8 '
	equal "$(rlc-ls -n | awk 'NR > 1 { print $3, $4 }')" $'5 6\n7 8'
}

@test "fake devices are devices" {
	touch -d 2001-02-03 null disk full
	attr null user.containers.override_stat "$(printf 0:5:0666:char-1-3 | od -An -tx1 | tr -d ' ')"
	attr disk user.containers.override_stat \
		"$(printf 0:6:0660:block-259-1048575 | od -An -tx1 | tr -d ' ')"
	echo content >full
	touch -d 2001-02-03 full
	attr full user.containers.override_stat "$(printf 0:5:0666:char-1-3 | od -An -tx1 | tr -d ' ')"
	runs 0 rls -n disk null full
	is 'brw-rw---- 1 0 6 259, 1048575 Feb  3  2001 disk
-rw-rw-rw- 1 0 5            8 Feb  3  2001 full
crw-rw-rw- 1 0 5   1,       3 Feb  3  2001 null'
	runs 0 rls --json disk
	has '"type":"block","mode":"0660","uid":0,"gid":6' '"major":259,"minor":1048575}'
	runs 0 rls -F null
	is null
}

@test "a malformed record: a message with path and bytes, a question mark, exit 1" {
	mkdir d
	touch -d 2001-02-03 d/bad d/good
	attr d/bad user.rootlesscontainers 0880
	if records; then more=; else more=--records; fi
	runs 1 rlc-ls $more -n d
	has 'rlc-ls: d/bad: the record is malformed: 0880' '-rw-r--r-- 1 ? ? 0 Feb  3  2001 bad' \
		'-rw-r--r-- 1 0 0 0 Feb  3  2001 good'
	runs 1 rls --json d/bad
	has '"uid":null,"gid":null'
}

@test "a malformed map of a directory" {
	ln -s nowhere l
	attr . user.rlc.dirmap ff
	runs 1 rls -n l
	has 'rlc-ls: l: the record is malformed' 'lrwxrwxrwx 1 ? ? '
}

@test "--json has all, one object a line" {
	printf 12345 >file
	chmod 6751 file
	touch -d '1969-12-31 23:59:58.25' file
	ln -s some/where link
	mkdir dir
	rlc-chown 8:42 file
	chmod 6751 file
	rlc-ls --json -R . file >../out
	/usr/bin/python3 - <<-'E'
		import json, os
		lines = [json.loads(l, parse_float=str) for l in open("../out")]
		assert [l["path"] for l in lines] == ["file", "./dir", "./file", "./link"], lines
		st = os.lstat("file")
		want = {"type": "file", "mode": "6751", "uid": 8, "gid": 42, "user": None,
			"group": None, "size": 5, "nlink": 1, "ino": st.st_ino, "mtime": "-1.750000000"}
		assert {k: v for k, v in lines[0].items() if k != "path"} == want, lines[0]
		assert lines[1]["type"] == "dir"
		assert lines[3]["type"] == "symlink" and lines[3]["target"] == "some/where"
		assert lines[3]["mode"] == "0777" and "target" not in lines[0]
	E
}

@test "what cannot be listed is told, and the rest is listed" {
	touch good
	runs 1 rlc-ls missing good
	is $'rlc-ls: missing: No such file or directory\ngood'
	runs 2 rlc-ls --no-such-option
	runs 2 rlc-ls -Z
	runs 0 rlc-ls
	is good
}

@test "one's own directories are listed whatever their mode" {
	mkdir -p closed/inner blind
	touch closed/inner/file blind/seen
	chmod 0 closed/inner closed
	chmod 444 blind
	runs 0 rlc-ls -lR
	has ./closed/inner: file seen
	equal "$(stat -c %a closed blind)" $'0\n444'
	chmod 700 closed blind
	equal "$(stat -c %a closed/inner)" 0
}

@test "output that cannot be written is an error" {
	touch file
	runs 1 sh -c 'exec rlc-ls >/dev/full'
	has 'standard output'
}

@test "a tree of 2,000 levels" {
	/usr/bin/python3 -c '
import os
for i in range(2000):
    os.mkdir("ddd")
    os.chdir("ddd")
open("end", "w").close()'
	runs 0 sh -c 'ulimit -s 256; rlc-ls -R | tail -n 1'
	is end
	equal "$(rlc-ls -lR | grep -c ^total)" 2001
}

@test "a directory of 20,000 files" {
	/usr/bin/python3 -c '
for i in range(20000):
    open("f%05d" % (i * 7919 % 20000), "w").close()'
	rlc-ls >../got
	seq -f f%05g 0 19999 | cmp - ../got
	like_ls -ln
}

@test "as real root: the host's own owners" {
	[ "$ENVIRONMENT" = root ] || return 0
	kinds
	mkdir etc
	getent passwd >etc/passwd
	getent group >etc/group
	chown -h 8:12 link
	chown 4294967294:33 file
	chown 2:3 dir
	mknod char c 5 1
	mknod block b 259 1048575
	for options in -l -lR -laR -ls -lsihS -ltr --full-time -lF; do
		like_ls $options
		like_ls $options file dir char
	done
	like_ls -ld block
}

@test "as real root with --records: who owns the tree is root inside" {
	[ "$ENVIRONMENT" = root ] || return 0
	mkdir sub
	touch sub/own sub/strange
	chown -R 777:778 .
	chown 5:6 sub/strange
	attr sub/own user.rootlesscontainers 08071008
	cd ..
	equal "$(rlc-ls --records -nR tree | awk '/^[-d]/ { print $3, $4, $9 }')" \
		$'0 0 sub\n7 8 own\n65534 65534 strange'
	equal "$(rlc-ls --records --root tree -n sub | awk '/^-/ { print $3, $4, $9 }')" \
		$'7 8 own\n65534 65534 strange'
	equal "$(rlc-ls --records -nd tree | awk '{ print $3, $4 }')" '0 0'
}
