# SPDX-License-Identifier: Apache-2.0
# rlc-mknod: devices, real ones or in disguise, and FIFOs.
load lib

setup() {
	rlc_setup
	if records; then rec=(); else rec=(--records); fi
}

mk() { rlc-mknod "${rec[@]}" "$@"; }

# seen FILE...: mode, owner and device as the container sees it
seen() { rlc-stat "${rec[@]}" -c '%A %u:%g %t,%T' "$@"; }

@test "a device is an empty file that the container sees as a device" {
	mk null c 1 3
	mk sda b 8 17
	mk tty u 5 0
	equal "$(seen null)" "crw-r--r-- 0:0 1,3"
	equal "$(seen sda)" "brw-r--r-- 0:0 8,11"
	equal "$(seen tty)" "crw-r--r-- 0:0 5,0"
	equal "$(stat -c '%F %s %a' null)" "regular empty file 0 644"
	equal "$(getfattr --only-values -n user.containers.override_stat null)" 0:0:0644:char-1-3
	equal "$(getfattr --only-values -n user.containers.override_stat sda)" 0:0:0644:block-8-17
}

@test "numbers are decimal, octal or hexadecimal" {
	mk a c 0x1F 010
	equal "$(seen a)" "crw-r--r-- 0:0 1f,8"
	mk b c 4095 1048575
	equal "$(seen b)" "crw-r--r-- 0:0 fff,fffff"
	for numbers in '4096 0' '0 1048576' '-1 0' '1 x' '1 08' ' 1 '; do
		runs 2 mk x c $numbers
	done
	[ ! -e x ]
}

@test "a FIFO is real" {
	mk p p
	equal "$(stat -c '%F %a' p)" "fifo 644"
	equal "$(seen p)" "prw-r--r-- 0:0 0,0"
}

@test "overlayfs's whiteout is real" {
	runs 0 mk w c 0 0 || skip "this kernel does not let an ordinary user make it"
	equal "$(stat -c '%F %t,%T' w)" "character special file 0,0"
}

@test "the umask counts, and -m is exact" {
	umask 077
	mk a p
	mk b c 1 3
	mk -m 666 c p
	mk --mode=0604 d c 1 3
	equal "$(stat -c %a a b c d | xargs)" "600 600 666 604"
	equal "$(seen b d)" "crw------- 0:0 1,3
crw----r-- 0:0 1,3"
	mk -m 0 e c 1 3
	equal "$(seen e)" "c--------- 0:0 1,3"
}

@test "symbolic modes are chmod's and mknod's" {
	for mode in u=rw,g=r,o= +x a+x u+x,g-w =r g=u o-r,+x u=rwx,go= o=u-w u+r+x -w; do
		rm -f want got
		mknod -m "$mode" want p
		mk -m "$mode" got p
		equal "$mode $(stat -c %a got)" "$mode $(stat -c %a want)"
	done
	for mode in u= 1777 4644 u+s x ,u=r u=r, 888 '' u; do
		rm -f want got
		if mknod -m "$mode" want p 2>/dev/null; then
			runs 0 mk -m "$mode" got p
		else
			runs 2 mk -m "$mode" got p
			[ ! -e got ]
		fi
	done
}

@test "nothing that is there is replaced" {
	touch f
	ln -s nowhere link
	for name in f link .; do
		runs 1 mk "$name" c 1 3
		runs 1 mk "$name" p
	done
	runs 1 mk missing/x p
	has "rlc-mknod: missing/x: cannot make: No such file or directory"
	[ ! -e nowhere ]
	[ ! -s f ]
}

@test "a directory with setgid gives its group" {
	mkdir d
	rlc-chown "${rec[@]}" 4:5 d
	chmod 2755 d
	mk d/p p
	mk d/c c 1 3
	equal "$(seen d/p d/c)" "prw-r--r-- 0:5 0,0
crw-r--r-- 0:5 1,3"
}

@test "what an earlier file of that name had is gone" {
	mkfifo p
	rlc-chown "${rec[@]}" 4:5 p
	rm p
	mk p p
	equal "$(seen p)" "prw-r--r-- 0:0 0,0"
}

@test "--root makes it beneath a directory" {
	mkdir -p tree/dev
	ln -s /dev tree/link
	mk --root tree /link/null c 1 3
	equal "$(seen tree/dev/null)" "crw-r--r-- 0:0 1,3"
	ln -s "$PWD" tree/out
	runs 1 mk --root tree out/null c 1 3
	[ ! -e null ]
}

@test "--base-owner is whose it is" {
	mk --base-owner 7:8 a c 1 3
	equal "$(getfattr --only-values -n user.containers.override_stat a)" 7:8:0644:char-1-3
	equal "$(rlc-stat "${rec[@]}" --base-owner 7:8 -c %u:%g a)" 7:8
}

@test "--sidecar keeps it where no attribute can" {
	mkdir full
	rlc-setattr 1:1 full
	mk --sidecar side null c 1 3
	equal "$(rlc-stat "${rec[@]}" --sidecar side -c '%F %t,%T' null)" "character special file 1,3"
	name=$(printf '%0200d' 0)
	seq -f "full/$name%g" 500 | xargs -n 1 ln -s x
	chmod 2755 full
	rlc-chown "${rec[@]}" -R --sidecar side 5:6 full
	mk --sidecar side full/p p
	equal "$(rlc-stat "${rec[@]}" --sidecar side -c '%u:%g' full/p)" 0:6
}

@test "--records or real root decide what is made" {
	rlc-mknod --records a c 1 3
	[ -f a ]
	records && return
	rlc-mknod b c 1 3
	equal "$(stat -c '%F %t,%T %a' b)" "character special file 1,3 644"
	rlc-mknod -m 600 c b 7 200
	equal "$(stat -c '%F %t,%T %a' c)" "block special file 7,c8 600"
	mkdir d
	chgrp 5 d
	chmod 2755 d
	rlc-mknod d/p p
	equal "$(stat -c %u:%g d/p)" 0:5
}

@test "wrong usage is 2" {
	runs 2 mk
	runs 2 mk x
	runs 2 mk x c
	runs 2 mk x c 1
	runs 2 mk x c 1 2 3
	runs 2 mk x p 1 2
	has "a FIFO has no device numbers"
	runs 2 mk x q
	runs 2 mk x cc 1 2
	runs 0 mk --help
	has "Usage: rlc-mknod"
	[ ! -e x ]
}
