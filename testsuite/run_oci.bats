# SPDX-License-Identifier: Apache-2.0
# rlc-run as an OCI runtime: create, start, state, kill, delete, list, exec, ps, features.
# environments: user inns root
load lib

setup() {
	rlc_setup
	export XDG_RUNTIME_DIR=$WORK/run
	mkdir run
}

teardown() {
	for id in $(rlc-run list -q 2>/dev/null); do rlc-run delete --force "$id"; done
	rlc_teardown
}

# status ID
status() { rlc-run state "$1" | jq -r .status; }

# becomes STATUS ID: waits for it
becomes() {
	for _ in $(seq 250); do
		[ "$(status "$2")" != "$1" ] || return 0
		sleep 0.02
	done
	echo "$2 is $(status "$2"), not $1"
	return 1
}

# up [FILTER]: c, a container that runs until it gets a signal
up() {
	bundle '.process.args = ["sh", "-c", "trap \"echo got; exit 5\" TERM
		echo up; while :; do sleep 0.05; done"] | '"${1:-.}"
	rlc-run create -b b --pid-file pid c </dev/null >out 2>&1
}

@test "create, start, kill, delete, and the state between them" {
	up
	equal "$(status c)" created
	rlc-run state c >state
	equal "$(jq -r .id,.bundle,.pid,.ociVersion state)" "c
$PWD/b
$(cat pid)
1.0.2"
	[ ! -s out ]
	[ -d "/proc/$(cat pid)" ]
	equal "$(stat -c %a run/rlc-run/c)" 700
	rlc-run start c
	becomes running c
	until grep -q up out; do sleep 0.02; done
	runs 1 rlc-run start c
	is "rlc-run start: c: is running already"
	runs 1 rlc-run delete c
	is "rlc-run delete: c: the container is not stopped"
	rlc-run kill c TERM
	becomes stopped c
	equal "$(cat out)" $'up\ngot'
	runs 1 rlc-run kill c
	is "rlc-run kill: c: the container is not running"
	rlc-run delete c
	runs 1 rlc-run state c
	is "rlc-run state: c: there is no such container"
	equal "$(ls run/rlc-run)" ""
}

@test "the first process ends with the command's status, whoever is its parent then" {
	up
	cat >reap.py <<-'EOF'
		import ctypes, os, subprocess, sys
		ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
		subprocess.run(["rlc-run", "create", "-b", "b", "--pid-file", "pid2", "d"], check=True,
		               stdin=subprocess.DEVNULL)
		subprocess.run(["rlc-run", "start", "d"], check=True)
		_, status = os.waitpid(int(open("pid2").read()), 0)
		print(os.waitstatus_to_exitcode(status))
	EOF
	bundle '.process.args = ["sh", "-c", "exit 6"]'
	runs 0 /usr/bin/python3 reap.py
	is 6
}

@test "ids: one container of each, and no paths" {
	up
	runs 1 rlc-run create -b b c
	is "rlc-run create: c: there is a container of that id"
	jq '.process.terminal = true' b/config.json >new && mv new b/config.json
	runs 1 rlc-run create -b b t
	has "t: config.json asks for a terminal, which needs --console-socket"
	for id in . .. a/b ../c "" 'a b'; do
		runs 1 rlc-run create -b b "$id"
		has "is no id"
		runs 1 rlc-run delete --force "$id"
	done
	equal "$(ls run/rlc-run)" c
}

@test "kill: by name and number, KILL ends all, --all reaches all" {
	up
	rlc-run start c
	until grep -q up out; do sleep 0.02; done
	runs 1 rlc-run kill c NONE
	is "rlc-run kill: NONE: is no signal"
	runs 1 rlc-run kill c 0x
	runs 0 rlc-run kill c 0
	rlc-run kill --all c SIGTERM
	becomes stopped c
	rlc-run delete c
	up
	rlc-run start c
	rlc-run kill c 9
	becomes stopped c
}

@test "delete: of one that was never started; --force of one that runs, or is not there" {
	up
	rlc-run delete c
	up
	rlc-run start c
	rlc-run delete --force c
	equal "$(sed 's/.*) //; s/ .*//' "/proc/$(cat pid)/stat" 2>/dev/null || echo Z)" Z
	rlc-run delete --force c
	runs 1 rlc-run delete c
}

@test "what a runtime killed half-way leaves can be deleted with --force" {
	mkdir -p run/rlc-run/half
	runs 1 rlc-run delete half
	is "rlc-run delete: half: is still being made, or was left half-made"
	runs 0 rlc-run delete --force half
	[ ! -e run/rlc-run/half ]
	mkdir -p run/rlc-run/half
	echo '{"created":' >run/rlc-run/half/state.json
	runs 1 rlc-run state half
	runs 0 rlc-run list -q
	is ""
	runs 0 rlc-run delete --force half
}

@test "run --detach; list as ids, table and JSON" {
	bundle '.process.args = ["sleep", "60"]'
	rlc-run run -d -b b --pid-file pid one </dev/null >/dev/null 2>&1
	rlc-run create -b b two </dev/null >/dev/null 2>&1
	equal "$(rlc-run list -q | sort)" $'one\ntwo'
	runs 0 rlc-run list
	has "ID          PID" "one         $(cat pid)" running created
	equal "$(rlc-run list -f json | jq -r 'sort_by(.id)[] | .id + " " + .status')" $'one running\ntwo created'
	runs 2 rlc-run list -f yaml
	mv b "$(printf 'b%.0s' $(seq 60))"
	rlc-run create -b b* a-name-of-over-12-letters </dev/null >/dev/null 2>&1
	runs 0 rlc-run list
	for word in STATUS BUNDLE CREATED OWNER; do
		head=${lines[0]%"$word"*}
		for line in "${lines[@]:1}"; do
			[[ "${line:${#head}-1:2}" == " "[^\ ] ]]
		done
	done
	has "   $(id -un)"
	equal "$(rlc-run list -f json | jq -r '.[0].owner')" "$(id -un)"
}

@test "exec: in all its namespaces, with the container's process where nothing else is said" {
	up '.process.env += ["A=b"] | .process.cwd = "/tmp"'
	rlc-run start c
	becomes running c
	runs 4 rlc-run exec c sh -c 'echo $A; pwd; uname -n; cat /etc/passwd | wc -l; exit 4'
	is $'b\n/tmp\nbox\n2'
	runs 0 rlc-run exec --cwd /etc -e A=c -e D=e --user 8:50 -g 7 c sh -c 'pwd; echo $A$D; id -u; id -G'
	is $'/etc\nce\n8\n50 7'
	runs 0 rlc-run exec c sh -c 'touch /tmp/f; chown 8:8 /tmp/f; stat -c %u /tmp/f'
	is 8
	equal "$(owner b/rootfs/tmp/f)" 8:8
	runs 127 rlc-run exec c nothing
	runs 137 rlc-run exec c sh -c 'kill -9 $$'
	guest=$(rlc-run ps -f json c | jq '.[0]')
	for kind in user pid mnt uts ipc; do
		equal "$(rlc-run exec c readlink /proc/self/ns/$kind)" "$(readlink "/proc/$guest/ns/$kind")"
	done
	runs 32 rlc-run exec c umount /proc
	runs 125 rlc-run exec none true
}

@test "exec --process, --detach, --pid-file, --tty, --cap, --no-new-privs" {
	up
	rlc-run start c
	becomes running c
	echo '{"args": ["sh", "-c", "id -u; echo $X; pwd"], "cwd": "/etc", "env": ["PATH=/bin", "X=y"],
		"user": {"uid": 8, "gid": 8}}' >process.json
	runs 0 rlc-run exec --process process.json c
	is $'8\ny\n/etc'
	rlc-run exec -d --pid-file pid2 c sh -c 'sleep 0.3; touch /tmp/done' </dev/null >/dev/null 2>&1
	[ -d "/proc/$(cat pid2)" ]
	for _ in $(seq 100); do [ ! -e b/rootfs/tmp/done ] || break; sleep 0.02; done
	[ -e b/rootfs/tmp/done ]
	runs 0 rlc-run exec -t c sh -c 'tty </dev/tty; [ -t 1 ] && echo yes' </dev/null
	has yes
	runs 0 rlc-run exec --cap CAP_NET_RAW --no-new-privs c grep -E '^(CapBnd|NoNew)' /proc/self/status
	is $'CapBnd:\t00000000000020eb\nNoNewPrivs:\t1'
}

@test "ps: the container's processes as the caller numbers them" {
	bundle ".process.args = [\"sleep\", \"61.$$\"]"
	rlc-run run -d -b b c </dev/null >/dev/null 2>&1
	pid=$(pgrep -f "^sleep 61.$$")
	runs 0 rlc-run ps c
	has "$pid" "sleep 61.$$"
	equal "$(rlc-run ps --format json c | jq -c .)" "[$pid]"
}

@test "a hook may ask for the state of what is being made" {
	bundle ".process.args = [\"true\"] | .hooks.createRuntime = [{path: \"/bin/sh\", env: [\"PATH=$PATH\"],
		args: [\"sh\", \"-c\", \"rlc-run --root $WORK/run/rlc-run state h | tail -n 1 >$WORK/log\"]}]"
	runs 0 timeout 20 rlc-run run -b b h
	equal "$(jq -r .status log)" creating
}

@test "features" {
	rlc-run features | jq -e '.ociVersionMin == "1.0.0" and (.linux.namespaces | index("user")) and
		(.hooks | index("poststop")) and (.linux.capabilities | index("CAP_CHOWN")) and
		(.mountOptions | index("rbind"))'
}

@test "--log: messages, as text and as JSON; --root; runc's other options are taken" {
	bundle
	runs 1 rlc-run --root r --log l --log-format json --systemd-cgroup --cgroup-manager x --rootless 1 state none
	equal "$(jq -r .level,.msg l)" $'error\nnone: there is no such container'
	rm l
	mkdir r
	runs 1 rlc-run --root r --log l state none
	grep -q 'level=error msg="none: there is no such container"' l
	bundle '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} | .process.args = ["true"]'
	rm l
	runs 0 rlc-run --root r --log l run -b b --no-pivot --no-new-keyring x
	is ""
	grep -q 'level=warning msg=.*linux.seccomp' l
}

@test "what is skipped of one that is created is shown by its state: standard error is the container's" {
	up '.linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW"} | .annotations = {a: "b"}'
	[ ! -s out ]
	equal "$(rlc-run state c | jq -c .annotations)" '{"a":"b","rlc.skipped":"linux.seccomp"}'
}

@test "--console-socket gets the terminal" {
	bundle '.process.terminal = true | .process.args = ["sh", "-c", "echo hello; tty; sleep 0.2"]'
	cat >console.py <<-'EOF'
		import array, os, socket, subprocess
		server = socket.socket(socket.AF_UNIX)
		server.bind("socket")
		server.listen()
		subprocess.run(["rlc-run", "create", "-b", "b", "--console-socket", "socket", "t"], check=True,
		               capture_output=True)
		peer, _ = server.accept()
		_, fds, _, _ = socket.recv_fds(peer, 100, 1)
		subprocess.run(["rlc-run", "start", "t"], check=True)
		text = b""
		while b"/dev/pts" not in text:
		    text += os.read(fds[0], 100)
		print(text.decode().replace("\r", ""), end="")
	EOF
	runs 0 /usr/bin/python3 console.py
	has hello /dev/pts/0
}

@test "--preserve-fds: these, and no others" {
	bundle '.process.args = ["sh", "-c", "cat <&3; ls /proc/self/fd"]'
	echo three >f
	runs 0 rlc-run run -b b --preserve-fds 1 x 3<f 4<f 5<f
	is $'three\n0\n1\n2\n3\n4'
	runs 2 rlc-run run -b b --preserve-fds many x
}
