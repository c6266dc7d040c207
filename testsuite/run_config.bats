# SPDX-License-Identifier: Apache-2.0
# rlc-run: each part of a bundle's config.json, as the container sees it.
# environments: user noopenat2 inns root
load lib

# sees FILTER SCRIPT OUTPUT: with the configuration changed like that, the script prints that.
sees() {
	bundle "$1"
	runs 0 boxed "$2"
	is "$3"
}

@test "args, env, cwd, hostname" {
	bundle '.process.args = ["sh", "-c", "echo \"$0-$1\"; pwd; echo $A; uname -n", "x", "y z"] |
		.process.env += ["A=b c"] | .process.cwd = "/etc"'
	runs 0 rlc-run --root states run -b b one
	is $'x-y z\n/etc\nb c\nbox'
	[ ! -e states/one ]
}

@test "cwd is made where the tree has none, and stays in the tree" {
	sees '.process.cwd = "/new/place//dir/"' 'pwd; stat -c %u:%a .' $'/new/place/dir\n0:755'
	[ -d b/rootfs/new/place/dir ]
	ln -s "$PWD" b/rootfs/out
	bundle '.process.cwd = "/out/made"'
	run boxed pwd
	[ ! -e made ]
}

@test "HOME is that of the user, where env does not say" {
	sees . 'echo $HOME' /root
	sees '.process.user = {uid: 8, gid: 8}' 'echo $HOME' /var/mail
	sees '.process.env += ["HOME=/here"]' 'echo $HOME' /here
}

@test "user, groups and umask; what root and others do to owners is kept" {
	sees '.process.user = {uid: 8, gid: 9, additionalGids: [50, 60], umask: 63}' \
		'id -u; id -g; id -G; umask' $'8\n9\n9 50 60\n0077'
	sees . 'umask; touch /tmp/f; chown 8:50 /tmp/f; stat -c %u:%g /tmp/f' $'0022\n8:50'
	equal "$(owner b/rootfs/tmp/f)" 8:50
	bundle '.process.user = {uid: 8, gid: 8} | .process.capabilities = {}'
	runs 1 boxed 'chown 0:0 /tmp/f'
	has "Operation not permitted"
}

@test "capabilities: the sets, and nothing else" {
	sees '.process.capabilities = {bounding: ["CAP_CHOWN", "CAP_KILL"], permitted: ["CAP_CHOWN"],
		effective: ["CAP_CHOWN"]}' 'grep -E "Cap(Prm|Eff|Bnd)" /proc/self/status' \
		$'CapPrm:\t0000000000000021\nCapEff:\t0000000000000021\nCapBnd:\t0000000000000021'
	sees '.process.capabilities = null' 'grep -E "Cap(Prm|Bnd)" /proc/self/status' \
		$'CapPrm:\t0000000000000000\nCapBnd:\t0000000000000000'
	bundle '.process.capabilities = {}'
	runs 32 boxed 'umount /proc'
}

@test "noNewPrivileges: a setuid file gives nothing then" {
	bundle
	mkdir b/rootfs/sbin
	cp /usr/bin/id b/rootfs/sbin/id
	rlc-chown 0:0 b/rootfs/sbin/id
	chmod 4755 b/rootfs/sbin/id
	sees '.process.user = {uid: 8, gid: 8}' '/sbin/id -u' 0
	sees '.process.user = {uid: 8, gid: 8} | .process.noNewPrivileges = true' '/sbin/id -u' 8
	sees '.process.noNewPrivileges = true' 'grep NoNewPrivs /proc/self/status' $'NoNewPrivs:\t1'
}

@test "rlimits, oomScoreAdj" {
	sees '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 50, hard: 60}]' \
		'ulimit -S -n; ulimit -H -n' $'50\n60'
	sees '.process.oomScoreAdj = 500' 'cat /proc/self/oom_score_adj' 500
	bundle '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 9999999999, hard: 9999999999}]'
	runs 0 boxed true
	has "skipped, since it cannot be had here: process.rlimits"
	runs 125 rlc-run --root states --strict -b b true
	has "process.rlimits: one over that of the caller: cannot be had here"
}

@test "mounts: bind, read-only, recursive, tmpfs with its options, masked and read-only paths" {
	mkdir -p src/sub
	echo seen >src/f
	sees '.mounts += [{destination: "/mnt", source: "../src", options: ["rbind"]},
		{destination: "/ro", source: "../src", options: ["bind", "ro", "nosuid"]},
		{destination: "/mem", type: "tmpfs", source: "tmpfs", options: ["size=8k", "mode=0701"]},
		{destination: "/file", source: "../src/f", options: ["bind"]}] |
		.linux.maskedPaths = ["/mnt/sub", "/ro/f", "/none"] |
		.linux.readonlyPaths = ["/etc", "/nothing"]' \
		'cat /mnt/f /file /ro/f; echo x >/mnt/sub/x; echo x >/ro/x; echo x >/etc/x
		echo x >/mnt/y; stat -c %a /mem; grep -c "/ro .*ro,nosuid" /proc/mounts; exit 0' \
		"seen
seen
sh: 1: cannot create /mnt/sub/x: Read-only file system
sh: 1: cannot create /ro/x: Read-only file system
sh: 1: cannot create /etc/x: Read-only file system
701
1"
	[ -e src/y ]
	equal "$(ls b/rootfs)" "$(printf '%s\n' bin dev etc lib lib64 proc tmp usr)"
}

@test "a root that is read-only; mount points are made and go away again all the same" {
	sees '.root.readonly = true | .mounts += [{destination: "/new/dir", type: "tmpfs"}]' \
		'touch /f; touch /new/dir/f && echo made' \
		$'touch: cannot touch \'/f\': Read-only file system\nmade'
	[ ! -e b/rootfs/new ]
	runs 1 getfattr -n user.rlc.points b/rootfs
}

@test "/dev: the devices that every container has, and links" {
	sees '.linux.namespaces |= .' 'ls /dev; echo x >/dev/null; head -c 2 /dev/zero | od -An -tx1' \
		$'fd\nfull\nnull\nptmx\npts\nrandom\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n 00 00'
}

@test "namespaces: those that are named are new, one with a path is joined" {
	here=$(readlink /proc/self/ns/net)
	bundle
	runs 0 boxed 'readlink /proc/self/ns/net'
	is "$here"
	bundle '.linux.namespaces += [{type: "network"}]'
	runs 0 boxed 'readlink /proc/self/ns/net'
	[ "$output" != "$here" ]
	bundle '.linux.namespaces += [{type: "network", path: "/nowhere"}]'
	runs 125 boxed true
	has "/nowhere: cannot join the namespace: No such file or directory"
}

@test "sysctl: of an own network it is set, of the host's it is skipped" {
	sees '.linux.namespaces += [{type: "network"}] | .linux.sysctl = {"net.ipv4.ip_forward": "1"}' \
		'cat /proc/sys/net/ipv4/ip_forward' 1
	[ "$ENVIRONMENT" = user ] || return 0
	bundle '.linux.sysctl = {"kernel.panic": "7"}'
	runs 0 boxed true
	has "skipped, since it cannot be had here: linux.sysctl"
}

@test "hooks: in their order, the state on standard input, one that fails or hangs" {
	cat >hook <<-'EOF'
		#!/bin/sh
		echo "$1 $(tr , '\n' | grep status)" >>"$2"
	EOF
	chmod +x hook
	touch log
	filter=".hooks = ([\"prestart\", \"createRuntime\", \"createContainer\", \"poststart\",
		\"poststop\"] | map({(.): [{path: \"$PWD/hook\", args: [\"hook\", ., \"$PWD/log\"],
		env: [\"PATH=/usr/bin:/bin\"]}]}) | add)"
	bundle "$filter"
	runs 0 boxed 'sleep 0.2'
	equal "$(sed 's/"//g' log)" 'prestart status:creating
createRuntime status:creating
createContainer status:creating
poststart status:running
poststop status:stopped'
	bundle '.hooks.createRuntime = [{path: "/bin/false"}]'
	runs 125 boxed true
	has "/bin/false: the hook failed"
	bundle '.hooks.createRuntime = [{path: "/bin/sleep", args: ["sleep", "60"], timeout: 1}]'
	runs 125 boxed true
	has "/bin/sleep: the hook does not end"
	bundle '.hooks.startContainer = [{path: "/bin/sh", args: ["sh", "-c", "echo in >/tmp/hooked"]}]'
	runs 0 boxed 'cat /tmp/hooked'
	is in
}

@test "what cannot be had is said once, or refused with --strict" {
	bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} |
		.linux.resources = {pids: {limit: 5}, devices: [{allow: false, access: "rwm"}]}'
	runs 0 boxed 'echo ran'
	is "rlc-run: skipped, since it cannot be had here: linux.seccomp, linux.resources
ran"
	runs 125 rlc-run --root states --strict -b b true
	is "rlc-run: linux.seccomp, linux.resources: cannot be had here"
	bundle '.mounts += [{destination: "/tmp", type: "tmpfs", uidMappings: [{containerID: 0,
		hostID: 5, size: 1}]}]'
	runs 125 rlc-run --root states --strict -b b true
	is "rlc-run: id mappings of a mount: cannot be had here"
	bundle '.linux.resources = {devices: [{allow: false, access: "rwm"}]}'
	runs 0 rlc-run --root states --strict -b b true
	is ""
}

@test "what is wrong is named by its place" {
	bundle '.process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1, hard: 2}, {type: "RLIMIT_MANY"}]'
	runs 125 rlc-run --root states run -b b x
	is 'rlc-run run: process.rlimits[1].type: is no RLIMIT_...'
	bundle 'del(.process)'
	runs 1 rlc-run --root states create -b b x
	is 'rlc-run create: config.json: has no process'
	echo '{"a":1,}' >b/config.json
	runs 125 rlc-run --root states run -b b x
	has 'config.json, line 1'
	runs 125 rlc-run --root states run -b missing x
	has 'missing: cannot open the bundle: No such file or directory'
	[ ! -e states/x ]
}

@test "mount points go away again, however many, and where the tree can have no list" {
	bundle '.mounts += [range(450) as $i |
		{destination: "/m/\($i)", type: "bind", source: "/usr/bin/true", options: ["bind"]}]'
	runs 0 boxed 'ls /m | wc -l'
	is 450
	[ ! -e b/rootfs/m ]
	[ "$ENVIRONMENT" = root ] || return 0
	mkdir plain
	mount -t ramfs none plain
	bundle '.mounts += [{destination: "/n/n", type: "tmpfs"}] | .process.args = ["sleep", "9"]'
	cp -r b/rootfs plain
	jq '.root.path = "'"$PWD"'/plain/rootfs"' b/config.json >c.json
	mv c.json b/config.json
	rlc-run --root states create -b b x </dev/null >/dev/null 2>&1
	rlc-run --root states start x
	[ -d plain/rootfs/n/n ]
	rlc-run --root states delete --force x
	left=$(ls plain/rootfs)
	umount plain
	[[ " ${left//$'\n'/ } " != *" n "* ]]
}

@test "tmpcopyup: memory starts as what it covers; it has its mode in any case" {
	bundle '.mounts += [{destination: "/up", type: "tmpfs", options: ["tmpcopyup", "ro"]},
		{destination: "/not", type: "tmpfs"}, {destination: "/none", type: "tmpfs",
		options: ["tmpcopyup", "mode=711"]}]'
	mkdir -p b/rootfs/up/d b/rootfs/not
	chmod 750 b/rootfs/up b/rootfs/not
	echo data >b/rootfs/up/d/f
	chmod 4640 b/rootfs/up/d/f
	touch -d @1000000000 b/rootfs/up/d/f
	ln -s d/f b/rootfs/up/link
	mkfifo b/rootfs/up/fifo
	touch b/rootfs/not/file
	rlc-chown 5:6 b/rootfs/up/d/f
	runs 0 boxed 'cd /up; stat -c "%n %F %a %u:%g %Y" d/f; stat -c "%n %F" link fifo; cat link
		stat -c "%n %a" /up /not /none; ls /not; touch d/g 2>/dev/null || echo read-only'
	is 'd/f regular file 640 5:6 1000000000
link symbolic link
fifo fifo
data
/up 750
/not 750
/none 711
read-only'
	chmod 4640 b/rootfs/up/d/f
	runs 0 boxed 'stat -c %a:%u /up/d/f'
	is 4640:5
}
