# SPDX-License-Identifier: Apache-2.0
# rlc-stat: every directive of stat, as the container sees the file.
load lib

# attr FILE NAME HEX: sets an attribute.
attr() {
	/usr/bin/python3 -c '
import os, sys
os.setxattr(sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3]))' "$@"
}

# rstat ARGUMENT...: rlc-stat, as root with records
rstat() {
	if records; then rlc-stat "$@"; else rlc-stat --records "$@"; fi
}

# like_stat ARGUMENT...: rlc-stat prints what stat prints. One's own ids are shown as they are.
like_stat() {
	stat "$@" >want
	rlc-stat --base-owner "$(id -u):$(id -g)" "$@" >got
	same want got || { echo "stat $*"; return 1; }
}

kinds() {
	mkdir dir
	mkfifo fifo
	printf 123 >file
	chmod 4751 file
	: >empty
	chmod 1600 dir
	head -c 10000 /dev/zero >large
	ln -s file link
	ln file hard
	touch -d '1969-12-31 23:59:58.5' empty
	touch -d '1969-12-31 23:59:59.123456789' large
	touch -d '2001-02-03 04:05:06.000000007' file
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
}

@test "each directive prints what stat prints" {
	kinds
	for format in %a %A %b %B %d %D %f %F %g %h %i %n %N %o %s %t %T %u %w %W %x %X %y %Y %z %Z \
		%% %r %R %Hd %Ld %Hr %Lr %k 'a b%n%nc\n' 'x%'; do
		like_stat -c "$format" dir fifo file empty large link socket
	done
}

@test "flags, width and precision" {
	kinds
	for format in %-10sX %10sX %010s %+s '% s' '%- 8sX' %.8s %012.5s %04a %#a %#6a %06a %-6aX \
		%#.3a %#.6a %#f %#x '%#010f' '%#-10fX' %.8f %.5n %10.2nX %-10.2nX %05n %.10y %30xX \
		%.0Y %.Y %.0s %.0h %.0T %.1Y %.3Y %.9Y %.12Y %020.3Y %20.3Y %-20.3YX %+Y %+.2Y %012Y %5.3u %10FX; do
		like_stat -c "$format" file empty large link fifo
	done
}

@test "times are those of TZ" {
	kinds
	TZ=ABC-5:30 like_stat -c '%y %Y %x' file large
	TZ=ABC-5:30 runs 0 rlc-stat -c %y file
	is '2001-02-03 09:35:06.000000007 +0530'
}

@test "-c, --format and --printf" {
	kinds
	like_stat --format '%n\n' file dir
	like_stat --printf '%n\t%s\n' file large
	like_stat --printf '\a\b\e\f\n\r\t\v\\\"\101\x41\7\0012%%' file
	like_stat --printf '%n' file dir
	runs 0 rlc-stat --printf 'a\' file
	is 'a\'
}

@test "%N quotes what a shell would take apart" {
	touch "it's" $'a\nb' 'two words' $'esc\033' $'tab\t' $'\377\376x' é "it's \$x" '*' "#'" '~'
	for name in "it's" $'a\nb' 'two words' $'esc\033' $'tab\t' $'\377\376x' é "it's \$x" '*' '~'; do
		like_stat -c %N "$name"
	done
	ln -s "it's" l
	like_stat -c %N l
}

@test "without a format: all of it" {
	kinds
	mkdir -p etc
	echo 'somebody:x:8:8::/:' >etc/passwd
	echo 'shadow:x:42:' >etc/group
	rlc-chown 8:42 file
	chmod 4751 file
	rlc-stat file >got
	stat file | sed -E 's|^(Access: \(.*)Uid: .*|\1Uid: (    8/somebody)   Gid: (   42/  shadow)|' >want
	same want got
	rlc-stat link | head -n 1 >got
	equal "$(cat got)" '  File: link -> file'
	touch $'new\nline'
	rlc-stat $'new\nline' | head -n 1 >got
	equal "$(cat got)" '  File: new\012line'
}

@test "names are the tree's; a number that has none is UNKNOWN" {
	mkdir -p tree/etc
	echo 'root:x:0:0::/:
mail:x:8:8::/:' >tree/etc/passwd
	echo 'shadow:x:42:' >tree/etc/group
	touch tree/f tree/g
	rlc-chown 8:42 tree/f
	rlc-chown 99:98 tree/g
	runs 0 rlc-stat -c '%u %U %g %G' tree/f tree/g
	is $'8 mail 42 shadow\n99 UNKNOWN 98 UNKNOWN'
	runs 0 rlc-stat --root tree -c '%n %U:%G' f /g
	is $'f mail:shadow\n/g UNKNOWN:UNKNOWN'
}

@test "-L: what a symbolic link leads to, with its own record" {
	kinds
	ln -s link again
	ln -s fifo fifolink
	ln -s loop loop
	rlc-chown 7:8 fifo
	rlc-chown 5:6 file
	rlc-chown -h 3:4 link
	runs 0 rlc-stat -c '%n %F %u:%g' link again fifolink
	has 'link symbolic link 3:4' 'again symbolic link 0:0'
	runs 0 rlc-stat -L -c '%n %F %u:%g' link again fifolink dir
	is 'link regular file 5:6
again regular file 5:6
fifolink fifo 7:8
dir directory 0:0'
	like_stat -L -c '%n %i %s %N' again file
	runs 0 rlc-stat --dereference -c %F link
	is 'regular file'
	runs 1 rlc-stat -L loop
	has 'rlc-stat: loop: '
	mkdir -p tree/a
	ln -s /a/x tree/abs
	ln -s ../../../../../a/x tree/a/up
	echo 12345 >tree/a/x
	runs 0 rlc-stat -L --root tree -c '%n %s' abs a/up
	is $'abs 6\na/up 6'
}

@test "fake devices are devices" {
	touch tty
	attr tty user.containers.override_stat "$(printf 0:5:0620:char-136-300 | od -An -tx1 | tr -d ' ')"
	runs 0 rstat -c '%F %a %u:%g %t:%T %Hr,%Lr %s %A' tty
	is 'character special file 620 0:5 88:12c 136,300 0 crw--w----'
	runs 0 rstat tty
	has 'character special file' 'Device type: 136,300'
	runs 0 rstat --json tty
	has '"type":"char"' '"major":136,"minor":300}'
}

@test "--records, --base-owner and --sidecar" {
	touch f own
	mkfifo p
	attr f user.rootlesscontainers 08071008
	runs 0 rlc-stat -c %u:%g f
	if records; then is 7:8; else is 0:0; fi
	runs 0 rstat -c %u:%g --base-owner 100:200 f own
	is $'7:8\n100:200'
	echo '5:6 p p' >side
	runs 0 rstat -c %u:%g --sidecar side p
	is 5:6
}

@test "--json" {
	printf 12345 >file
	touch -d '2001-02-03 04:05:06.000000007' file
	rlc-chown 8:42 file
	rlc-stat --json file >out
	ln -s some/where link
	rlc-stat --json link >>out
	/usr/bin/python3 - <<-'E'
		import json, os
		file, link = [json.loads(l, parse_float=str) for l in open("out")]
		st = os.lstat("file")
		assert file == {"path": "file", "type": "file", "mode": "0644", "uid": 8, "gid": 42,
			"user": None, "group": None, "size": 5, "nlink": 1, "ino": st.st_ino,
			"mtime": "981173106.000000007"}, file
		assert link["target"] == "some/where" and link["type"] == "symlink"
	E
}

@test "a malformed record: a message with path and bytes, a question mark, exit 1" {
	touch bad good
	attr bad user.rootlesscontainers 0880
	runs 1 rstat -c '%n %u %U %g %G %s' bad good
	has 'rlc-stat: bad: the record is malformed: 0880' 'bad ? ? ? ? 0' 'good 0 '
}

@test "what cannot be looked at is told, and the rest is shown" {
	touch good
	runs 1 rlc-stat -c %n missing good
	is $'rlc-stat: missing: No such file or directory\ngood'
	runs 2 rlc-stat
	has 'no file is named'
	runs 2 rlc-stat --no-such-option good
	runs 1 sh -c 'exec rlc-stat good >/dev/full'
}
