# SPDX-License-Identifier: Apache-2.0
# rlc-getattr: records as they are stored.
load lib

# put FILE HEX [ATTRIBUTE]
put() { setfattr -h -n "${3:-user.rootlesscontainers}" -v "0x$2" "$1"; }

@test "the record is shown as it is stored, by each dialect" {
	while read -r hex shown; do
		touch f
		put f "$hex"
		runs 0 rlc-getattr f
		is "f: $shown"
		rm f
	done <<-'END'
		102a uid=0 gid=42
		08ffffffff0f102a uid=keep gid=42
		0800102a uid=0 gid=42
		0807 uid=7 gid=0
		080710ffffffff0f uid=7 gid=keep
		08e80710e807 uid=1000 gid=1000
		08ffffffff0f10ffffffff0f uid=keep gid=keep
	END
	touch f
	setfattr -n user.rootlesscontainers f
	runs 0 rlc-getattr f
	is "f: uid=0 gid=0"
}

@test "the oldest dialect is shown" {
	touch f
	setfattr -n user.rootlesscontainers.gid -v 42 f
	runs 0 rlc-getattr f
	is "f: uid=keep gid=42"
}

@test "no record is none where it is named, and nothing below" {
	mkdir d
	touch d/a d/b
	put d/b 0801
	runs 0 rlc-getattr d/a
	is "d/a: none"
	runs 0 rlc-getattr -R d
	is "d: none
d/b: uid=1 gid=0"
	runs 0 rlc-getattr --recursive d/b
	is "d/b: uid=1 gid=0"
	runs 0 rlc-getattr d
	is "d: none"
}

@test "symlinks, FIFOs and sockets have records in their directory" {
	touch f
	ln -s f link
	mkfifo fifo
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("socket")'
	rlc-setattr 1:2 link fifo
	rlc-setattr keep:3 socket
	runs 0 rlc-getattr f link fifo socket
	is "f: none
link: uid=1 gid=2
fifo: uid=1 gid=2
socket: uid=keep gid=3"
	mkfifo other
	mv other fifo
	runs 0 rlc-getattr fifo
	is "fifo: none"
}

@test "a malformed record is named with its bytes, and is exit 1" {
	touch a b c d
	put a 08
	put b 0d07000000
	put c 0807
	setfattr -n user.rootlesscontainers.uid -v x d
	runs 1 rlc-getattr a b c d
	has "rlc-getattr: a: the record is malformed: user.rootlesscontainers=08" \
		"rlc-getattr: b: the record is malformed: user.rootlesscontainers=0d07000000" \
		"c: uid=7 gid=0" "d: the record is malformed: user.rootlesscontainers.uid=78"
	lacks "a: uid"
	runs 1 rlc-getattr --json a
	lacks '{'
	runs 1 rlc-getattr --dump a
	lacks " f "
	head -c 2000 /dev/zero | tr '\0' x >bytes
	setfattr -n user.rootlesscontainers -v "$(cat bytes)" a
	runs 1 rlc-getattr a
	has "a: the record is malformed: user.rootlesscontainers=787878" "78..."
}

@test "a malformed map of a directory is told for what it is about" {
	mkdir d
	ln -s x d/link
	touch d/f
	put d/f 0801
	put d ff user.rlc.dirmap
	runs 1 rlc-getattr -R d
	is "d: none
d/f: uid=1 gid=0
rlc-getattr: d/link: the record is malformed: user.rlc.dirmap=ff"
}

@test "override_stat is shown: mode, device, and the owner where no record is" {
	touch null f both
	setfattr -n user.containers.override_stat -v 1:2:0640:char-1-3 null
	setfattr -n user.containers.override_stat -v 3:4:4755:file f
	cp -a f both
	setfattr -n user.containers.override_stat -v 3:4:4755:file both
	put both 0809100a
	runs 0 rlc-getattr null f both
	is "null: uid=1 gid=2 mode=0640 device=c1,3
f: uid=3 gid=4 mode=4755
both: uid=9 gid=10 mode=4755"
	runs 0 rlc-getattr --json null
	is '{"path":"null","uid":1,"gid":2,"raw":null,"mode":"0640","device":"c","major":1,"minor":3}'
	runs 0 rlc-getattr --dump null f
	is "1:2 c1,3 null
3:4 f f"
}

@test "--json is one object a line, whatever the name" {
	touch f g $'bad\xff"\n'
	put f 08ffffffff0f102a
	put $'bad\xff"\n' 0801
	ln -s f link
	rlc-setattr 5:keep link
	runs 0 rlc-getattr --json f g link $'bad\xff"\n'
	is '{"path":"f","uid":null,"gid":42,"raw":"08ffffffff0f102a"}
{"path":"g","uid":null,"gid":null,"raw":null}
{"path":"link","uid":5,"gid":null,"raw":null}
{"path":"bad\udcff\"\u000a","uid":1,"gid":0,"raw":"0801"}'
	rlc-getattr --json f $'bad\xff"\n' | /usr/bin/python3 -c '
import json, os, sys
for line in sys.stdin:
    os.lstat(json.loads(line)["path"].encode("utf-8", "surrogateescape"))'
}

@test "a name cannot drive a terminal or make a line" {
	touch $'a\n\e[1m'
	runs 0 rlc-getattr $'a\n\e[1m'
	is 'a\012\033[1m: none'
}

@test "--dump tells of each inode, also of what has no record" {
	mkdir d
	touch d/f 'd/a b'
	ln -s f d/l
	mkfifo d/p
	put d/f 0801102a
	rlc-setattr keep:7 d/l
	runs 0 rlc-getattr -R --dump d
	is '-:- d d
-:- f d/a\040b
1:42 f d/f
keep:7 l d/l
-:- p d/p'
}

@test "--root takes paths beneath a directory" {
	mkdir -p tree/etc etc
	touch tree/etc/f etc/f
	put tree/etc/f 0801
	put etc/f 0802
	ln -s /etc tree/link
	runs 0 rlc-getattr --root tree /link/f ../../etc/f
	is "/link/f: uid=1 gid=0
../../etc/f: uid=1 gid=0"
}

@test "--sidecar is read too" {
	touch f g
	echo "5:keep f ./f" >side
	put g 0801
	runs 0 rlc-getattr --sidecar side f g
	is "f: uid=5 gid=keep
g: uid=1 gid=0"
	echo nonsense >side
	runs 1 rlc-getattr --sidecar side f
	has "line 1 is malformed"
}

@test "modes and users that stand in the way" {
	touch zero
	put zero 0805
	chmod 0 zero
	runs 0 rlc-getattr zero
	is "zero: uid=5 gid=0"
	equal "$(stat -c %a zero)" 0
	mkdir d
	touch d/f
	chmod 0 d
	runs 0 rlc-getattr -R d
	is "d: none"
	equal "$(stat -c %a d)" 0
}

@test "what is not there is exit 1 and the rest is shown" {
	touch f
	put f 0801
	runs 1 rlc-getattr missing f no/such
	has "rlc-getattr: missing: No such file or directory" "f: uid=1 gid=0" \
		"rlc-getattr: no/such: No such file or directory"
}

@test "wrong usage is 2" {
	runs 2 rlc-getattr
	runs 2 rlc-getattr --jsno f
	has "did you mean '--json'"
	runs 0 rlc-getattr --help
	has "Usage: rlc-getattr [OPTION]... PATH..."
}
