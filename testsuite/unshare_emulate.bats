# SPDX-License-Identifier: Apache-2.0
# rlc-unshare: what a guest does to owners is kept, and seen by it, by rlc and in archives.
# environments: user tmpfs noopenat2 oldkernel inns
load lib

setup() {
	rlc_setup
	[ "$(id -u)" != 0 ] || umask 022
}

# guest SCRIPT: a shell that is emulated root
guest() { rlc-unshare --emulate=full sh -ec "$1"; }

@test "chown, chgrp and chown -h are kept; partial changes merge" {
	touch f
	mkdir d
	ln -s f l
	runs 0 guest 'chown 42:43 f; chgrp 77 f; chown 7 d; chown -h 5:6 l; stat -c "%u:%g %n" f d l; stat -Lc %u:%g l'
	is $'42:77 f\n7:0 d\n5:6 l\n42:77'
	runs 0 rlc-getattr f d
	is $'f: uid=42 gid=77\nd: uid=7 gid=0'
	runs 0 rlc-stat -c %u:%g l
	is 5:6
	runs 0 guest 'chown 0:0 f; chown -h 0:0 l'
	runs 0 rlc-getattr f
	is "f: none"
}

@test "every way to ask sees the owner: by path, below a directory, by descriptor, statx" {
	touch f
	rlc-chown 33:34 f
	cat >ask.py <<-'PYTHON'
		import os
		print(os.stat('f').st_uid, os.lstat('f').st_uid, os.stat(os.getcwd() + '/f').st_uid)
		d = os.open('.', os.O_RDONLY)
		print(os.stat('f', dir_fd=d).st_gid, os.fstat(os.open('f', os.O_RDONLY)).st_gid)
		print([e.stat().st_uid for e in os.scandir('.') if e.name == 'f'])
	PYTHON
	runs 0 guest 'python3 ask.py; find . -name f -printf "%U\n"; stat -c %u /proc/self/cwd/f; ls -n f | cut -d" " -f3,4'
	is $'33 33 33\n34 34\n[33]\n33\n33\n33 34'
}

@test "setuid and setgid go with a chown, the time of change moves" {
	touch f
	chmod 6755 f
	before=$(stat -c %z f)
	runs 0 guest 'chown 5 f; stat -c %A f'
	is -rwxr-xr-x
	[ "$(stat -c %z f)" != "$before" ]
	before=$(stat -c %z f)
	sleep 0.02
	runs 0 guest 'chown 5 f'
	[ "$(stat -c %z f)" != "$before" ]
}

@test "devices are made, shown, found and packed; writing reaches the host's own" {
	runs 0 guest 'mknod -m 640 null c 1 3; mknod sda b 8 0; mknod p p
		stat -c "%A %t:%T %n" null sda p; echo gone >null; wc -c <null'
	is $'crw-r----- 1:3 null\nbrw-r--r-- 8:0 sda\nprw-r--r-- 0:0 p\n0'
	[ -f null ] && [ ! -s null ]
	runs 2 guest 'echo x >sda'
	has "No such device or address"
	rlc-tar -cf a.tar null sda p
	runs 0 tar -tvf a.tar
	has "crw-r----- 0/0"
	has "1,3"
	has "brw-r--r-- 0/0"
}

@test "chmod of a device is kept, through /proc/self/fd, too" {
	runs 0 guest 'mknod x c 1 5; chmod 600 x; stat -c %A x; chmod 666 /proc/self/fd/4 4<x; stat -c %A x'
	is $'crw-------\ncrw-rw-rw-'
}

@test "a setgid directory passes on its group, and directories the bit" {
	runs 0 guest 'mkdir d; chown 0:8 d; chmod 2775 d; touch d/f; mkdir d/s; ln -s x d/l; mknod d/p p
		stat -c "%g %A %n" d/f d/s d/l d/p'
	is $'8 -rw-r--r-- d/f\n8 drwxr-sr-x d/s\n8 lrwxrwxrwx d/l\n8 prw-r--r-- d/p'
}

@test "who has dropped to a user makes what is the user's, and is refused the rest" {
	runs 0 guest 'mkdir open; chmod 1777 open; touch root; touch open/root
		setpriv --reuid=1000 --regid=1001 --groups=1002 sh -c "
			id -u; id -g; id -G; touch open/f; mkdir open/d; ln -s x open/l
			stat -c %u:%g open/f open/d open/l
			touch closed || echo no touch
			chown 5 open/f || echo no chown
			chgrp 1002 open/f && stat -c %g open/f
			chmod 600 root || echo no chmod
			rm -f open/root || echo no rm
			mv open/root open/x || echo no mv
			echo x >>root || echo no write
			setpriv --reuid=0 true || echo no root
		" 2>/dev/null'
	is $'1000\n1001\n1001 1002\n1000:1001\n1000:1001\n1000:1001\nno touch\nno chown\n1002\nno chmod\nno rm\nno mv\nno write\nno root'
}

@test "records move with symlinks and FIFOs: rename, link, unlink, and a new one of that name" {
	runs 0 guest 'mkdir d; ln -s x l; chown -h 5:6 l; mv l d/m; stat -c %u:%g d/m
		ln -P d/m n; stat -c %u:%g n; rm d/m; ln -s y d/m; stat -c %u:%g d/m n
		mknod p p; chown 8:9 p; mv p n; stat -c %u:%g n'
	is $'5:6\n5:6\n0:0\n5:6\n8:9'
}

@test "what keeps owners is hidden from the guest, and not to be written" {
	touch f
	rlc-chown 5:6 f
	setfattr -n user.mine -v x f
	runs 0 guest 'getfattr -d -m - f; getfattr -n user.rootlesscontainers f || echo hidden
		setfattr -n user.rootlesscontainers -v 0x0800 f || echo refused
		setfattr -x user.rootlesscontainers f || echo kept' 2>/dev/null
	has 'user.mine="x"'
	has hidden refused kept
	runs 0 guest 'getfattr -d -m - f'
	is $'# file: f\nuser.mine="x"'
	runs 0 rlc-getattr f
	is "f: uid=5 gid=6"
}

@test "trusted attributes, capabilities and ACLs of users whom the host does not know" {
	touch f
	runs 0 guest 'setfattr -n trusted.x -v 1 f; getfattr --only-values -n trusted.x f; echo
		setpriv --reuid=7 --regid=7 --clear-groups getfattr -n trusted.x f 2>/dev/null || echo not for others
		setfattr -n system.posix_acl_access -v 0x0200000001000600ffffffff020007002100000004000400ffffffff10000600ffffffff20000400ffffffff f
		stat -c %A f
		getfattr -d -m - -e hex f | grep -c "trusted.x\|posix_acl_access"
		setfattr -x trusted.x f; getfattr -n trusted.x f 2>/dev/null || echo gone'
	is $'1\nnot for others\n-rw-rw-r--\n2\ngone'
}

@test "a guest's own chroot: paths are its own" {
	mkdir -p r/usr r/sub
	ln -s usr/bin usr/lib usr/lib64 r
	ln -s /sub/f r/link
	runs 0 rlc-unshare --emulate=full --bind /usr:"$PWD/r/usr":ro sh -ec 'touch r/sub/f; chroot r /usr/bin/sh -ec "
		chown 11:12 /link; stat -c %u:%g /sub/f; cd /sub; stat -c %u:%g ../../../sub/f f; chown 13 f; mkdir x; stat -Lc %u /link"'
	is $'11:12\n11:12\n11:12\n13'
	runs 0 rlc-getattr r/sub/f
	is "r/sub/f: uid=13 gid=12"
}

@test "the peer of a socket is who it is to the guest" {
	cat >peer.py <<-'PYTHON'
		import os, socket, struct
		server = socket.socket(socket.AF_UNIX)
		server.bind('s')
		os.chmod('s', 0o777)
		server.listen()
		if os.fork() == 0:
		    os.setgid(71)
		    os.setuid(70)
		    c = socket.socket(socket.AF_UNIX)
		    c.connect('s')
		    c.recv(1)
		    os._exit(0)
		c, _ = server.accept()
		print(struct.unpack('3i', c.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1:])
	PYTHON
	runs 0 guest 'python3 peer.py'
	is '(70, 71)'
}

@test "--emulate=lie: changes succeed and nothing is kept" {
	touch f
	runs 0 rlc-unshare --emulate=lie sh -ec 'chown 5:6 f; mknod c c 1 3; mknod p p; setpriv --reuid=5 --regid=6 --clear-groups true; stat -c %u:%g f; test ! -e c; test -p p'
	is 0:0
	runs 0 rlc-getattr f
	is "f: none"
}

@test "--explain ends with how often each call was answered" {
	touch f
	runs 0 rlc-unshare --emulate=full --explain chown 5 f
	has "fchownat"
	has "notified"
}

@test "rlc's own applets are real root's inside, and what they keep is records outside" {
	mkdir d
	touch d/f d/g
	ln -s f d/l
	export PATH
	runs 0 rlc-unshare --emulate=full sh -ec 'rlc-chown 5:6 d/f; rlc-chown -h 7:8 d/l; rlc-mknod d/null c 1 3
		rlc-stat -c "%n %u:%g %F" d/f d/g d/l d/null; rlc-tar -cf a.tar d; mkdir x; rlc-tar -C x -xf a.tar; stat -c "%n %u:%g" x/d/*'
	is "d/f 5:6 regular empty file
d/g 0:0 regular empty file
d/l 7:8 symbolic link
d/null 0:0 character special file
x/d/f 5:6
x/d/g 0:0
x/d/l 7:8
x/d/null 0:0"
	runs 0 rlc-getattr d/f d/l x/d/f x/d/l
	is "d/f: uid=5 gid=6
d/l: uid=7 gid=8
x/d/f: uid=5 gid=6
x/d/l: uid=7 gid=8"
}
