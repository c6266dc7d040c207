# SPDX-License-Identifier: Apache-2.0
# rlc-run against bundles that want out.
# environments: user noopenat2 inns root
load lib

@test "mount destinations stay beneath the root, whatever symlinks in it say" {
	mkdir -p out src
	touch out/kept src/in
	bundle '.mounts += [{destination: "/link/d", source: "../src", options: ["bind"]},
		{destination: "/up", type: "tmpfs"},
		{destination: "../../../../../../../../rel", source: "../src", options: ["bind"]}]'
	ln -s "$PWD/out" b/rootfs/link
	ln -s ../../../../../../../../../../../../../.. b/rootfs/up
	runs 125 boxed true
	rm b/rootfs/up
	mkdir b/rootfs/up
	runs 0 boxed 'ls /rel'
	is in
	equal "$(ls out)" kept
	ln -sfn /proc/self/cwd b/rootfs/link
	run boxed true
	equal "$(ls out b)" "$(printf '%s\n' b: base.json config.json rootfs '' out: kept)"
}

@test "a mount over the root, or over /proc by a symlink, is refused or stays inside" {
	for dest in / /. //; do
		bundle ".mounts += [{destination: \"$dest\", type: \"tmpfs\"}]"
		runs 125 boxed true
		has "nothing can be mounted over the root"
	done
	bundle
	rmdir b/rootfs/proc
	ln -s /etc b/rootfs/proc
	runs 0 boxed '[ -e /etc/self ] && echo inside'
	is inside
}

@test "no descriptor of the host is open in the container, nor a way to it as cwd" {
	bundle '.process.args = ["ls", "/proc/self/fd"]'
	mkdir host
	runs 0 rlc-run --root states run -b b x 7<host 9</
	is $'0\n1\n2\n3'
	for n in 3 4 5 6 7 8 9 10 11; do
		bundle ".process.cwd = \"/proc/self/fd/$n\""
		runs 125 boxed 'pwd' 7<host 9</
		has "/proc/self/fd/$n"
	done
	bundle '.process.args = ["sleep", "5"]'
	rlc-run --root states run -d -b b d </dev/null >/dev/null 2>&1 7<host
	for n in 3 5 7 8 9; do
		runs 125 rlc-run --root states exec --cwd "/proc/self/fd/$n" d pwd 7<host 9</
	done
	runs 0 rlc-run --root states exec d ls /proc/self/fd 7<host 9</
	is $'0\n1\n2\n3'
	rlc-run --root states delete --force d
}

@test "the process that looks after the container shows nothing of the outside" {
	bundle
	runs 2 boxed 'ls /proc/1/fd /proc/1/cwd/'
	runs 0 boxed 'tr -d "\0" </proc/1/cmdline'
	lacks states
	runs 2 boxed 'ls /proc/1/root/'
	has "Permission denied"
}

@test "the program that started it cannot be written to from inside" {
	bundle '.process.args = ["/proc/self/exe", "ls", "-l", "/proc/self/exe"]'
	mkdir own
	cp "$RLC" own/rlc-run
	runs 0 own/rlc-run --root states run -b b x
	has "-> /memfd:rlc (deleted)"
}

@test "--log is the caller's file, not one of that name inside" {
	bundle
	runs 127 rlc-run --root states --log /tmp/"log-$$" -b b nothing
	grep -q "nothing: cannot run" "/tmp/log-$$"
	rm "/tmp/log-$$"
	[ -z "$(ls b/rootfs/tmp)" ]
}

@test "what is masked stays masked, and read-only stays read-only" {
	bundle '.linux.maskedPaths = ["/proc/kcore", "/proc/keys", "/etc"] |
		.linux.readonlyPaths = ["/proc/sys", "/tmp"]'
	runs 0 boxed 'wc -c </proc/keys; ls /etc; umount /etc; umount /proc/keys; mount -o remount,rw /tmp
		echo x >/tmp/x; echo x >/proc/sys/kernel/domainname; ls /etc; exit 0' 2>/dev/null
	[[ $output == 0* ]]
	lacks passwd
	[ ! -e b/rootfs/tmp/x ]
}

@test "masked and read-only paths that are symlinks hit what they lead to inside" {
	bundle '.linux.maskedPaths = ["/secret"]'
	ln -s /etc/passwd b/rootfs/secret
	runs 0 boxed 'cat /etc/passwd'
	is ""
	grep -q root b/rootfs/etc/passwd
}

@test "a device that is not the host's of that name is none" {
	bundle '.linux.devices = [{path: "/dev/null2", type: "c", major: 1, minor: 3},
		{path: "/etc/passwd", type: "c", major: 1, minor: 3}]'
	runs 0 boxed 'ls /dev/null2'  || [ "$status" = 2 ]
	has "linux.devices"
	bundle '.linux.devices = [{path: "/dev/../etc/dev", type: "c", major: 1, minor: 3}]'
	runs 0 boxed true
	[ ! -e b/rootfs/etc/dev ]
}

@test "a bundle's config.json that is a FIFO, or endless, or deep" {
	bundle
	rm b/config.json
	mkfifo b/config.json
	runs 125 timeout 10 rlc-run --root states run -b b x
	rm b/config.json
	head -c 5000000 /dev/zero | tr '\0' ' ' >b/config.json
	runs 125 rlc-run --root states run -b b x
	has "File too large"
	head -c 100000 /dev/zero | tr '\0' '[' >b/config.json
	runs 125 rlc-run --root states run -b b x
	has "nesting"
}

@test "the directory of states: another one's is refused" {
	bundle
	mkdir -m 777 run
	chmod 777 run
	mkdir -m 777 run/rlc-run
	chmod 777 run/rlc-run
	runs 1 env XDG_RUNTIME_DIR="$PWD/run" rlc-run create -b b x
	has "is not this user's alone"
	rmdir run/rlc-run
	ln -s "$PWD" run/rlc-run
	runs 1 env XDG_RUNTIME_DIR="$PWD/run" rlc-run create -b b x
	equal "$(ls)" $'b\nrun'
}

@test "a root without /proc whose files of that name would wait for somebody" {
	bundle '.process.oomScoreAdj = 100 | .mounts |= map(select(.type != "proc"))'
	mkdir b/rootfs/proc/self
	mkfifo b/rootfs/proc/self/oom_score_adj
	runs 0 timeout -s KILL 10 rlc-run --root states -b b echo on
	has "process.oomScoreAdj" on
}
