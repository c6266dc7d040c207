# SPDX-License-Identifier: Apache-2.0
# rlc-run on a bundle: the command's end, signals, terminals; the same bundle under other runtimes.
# environments: user root
load lib

@test "the exit status is the command's, 128 and N for signal N; 125, 126, 127 as env has them" {
	bundle
	runs 7 boxed 'exit 7'
	runs 143 boxed 'kill -TERM $$'
	runs 137 boxed 'kill -KILL $$'
	runs 127 rlc-run --root states -b b nothing
	is "rlc-run: nothing: cannot run: No such file or directory"
	runs 127 rlc-run --root states -b b ""
	is "rlc-run: : cannot run: No such file or directory"
	runs 126 rlc-run --root states -b b /etc/passwd
	is "rlc-run: /etc/passwd: cannot run: Permission denied"
	bundle '.root.path = "missing"'
	runs 125 boxed true
	has "cannot use as root: No such file or directory"
}

@test "signals go to the command; its end ends all that it has started" {
	bundle
	boxed 'trap "echo got; exit 5" TERM; (sleep 77.'$$' & ); echo up; while :; do sleep 0.05; done' >out &
	pid=$!
	until grep -q up out; do sleep 0.02; done
	kill -TERM "$(pgrep -P "$pid" -f rlc-run || echo "$pid")" 2>/dev/null || kill -TERM "$pid"
	status=0
	wait "$pid" || status=$?
	equal "$status" 5
	equal "$(cat out)" $'up\ngot'
	runs 1 pgrep -f "^sleep 77.$$"
}

@test "what is being made ends with the signal that ends who makes it, and leaves nothing" {
	for kind in createRuntime createContainer; do
		bundle '.hooks = {'$kind': [{path: "/bin/sleep", args: ["sleep", "79.'$$'"]}]}'
		rlc-run --root states run -b b x 2>err &
		pid=$!
		until pgrep -f "^sleep 79.$$" >/dev/null; do sleep 0.02; done
		kill -TERM "$pid"
		status=0
		wait "$pid" || status=$?
		equal "$status" 125
		grep -q "Interrupted system call" err
		for _ in $(seq 100); do pgrep -f "^sleep 79.$$" >/dev/null || break; sleep 0.02; done
		runs 1 pgrep -f "^sleep 79.$$"
		equal "$(ls states)" ""
	done
}

@test "a killed rlc-run takes its container with it; delete --force takes the rest" {
	bundle ".process.args = [\"sleep\", \"78.$$\"]"
	rlc-run --root states run -b b gone &
	pid=$!
	until pgrep -f "^sleep 78.$$" >/dev/null; do sleep 0.02; done
	kill -KILL "$pid"
	wait "$pid" || :
	for _ in $(seq 100); do pgrep -f "^sleep 78.$$" >/dev/null || break; sleep 0.02; done
	runs 1 pgrep -f "^sleep 78.$$"
	runs 0 rlc-run --root states state gone
	has '"status":"stopped"'
	runs 0 rlc-run --root states delete --force gone
	equal "$(ls states)" ""
}

@test "standard input, output and error are the caller's" {
	bundle
	echo in | boxed 'cat; echo err >&2' >out 2>err
	equal "$(cat out) $(cat err)" "in err"
}

@test "a terminal of its own: size, /dev/console, the session" {
	bundle '.process.terminal = true | .process.consoleSize = {height: 11, width: 22} |
		.process.args = ["sh", "-c", "tty; stty size; [ -t 2 ] && echo yes; ls -l /dev/console | cut -c1; exit 3"]'
	runs 3 rlc-run --root states run -b b x </dev/null
	is $'/dev/pts/0\r\n11 22\r\nyes\r\nc\r'
	bundle '.process.terminal = true | .process.args = ["sh", "-c", "read a; echo \"<$a>\""]'
	echo typed >in
	runs 0 rlc-run --root states run -b b x <in
	has '<typed>'
}

@test "--emulate=off: only what is mapped" {
	[ "$ENVIRONMENT" = user ] || return 0
	bundle '.process.user = {uid: 8, gid: 8}'
	runs 125 rlc-run --root states --emulate=off -b b true
	has "cannot become the user of the command"
	bundle
	runs 1 rlc-run --root states --emulate=off -b b sh -c 'chown 8:8 /etc/passwd'
}

@test "--debug shows the steps" {
	bundle
	runs 0 rlc-run --debug --root states -b b true
	has 'pivot_root(".", ".")' 'mount("proc", "/proc", "proc"'
}

# facts: what a program in the container finds out about it
facts() {
	bundle '.process.args = ["sh", "-c", "
		id; pwd; env | sort; uname -n; umask; ulimit -n
		ls -a / /dev; cat /proc/self/uid_map; grep ^Cap /proc/self/status
		cut -d\" \" -f5,6 /proc/self/mountinfo | grep -Ev \"usr|^/dev/[a-z]* |keys\" | sort
		readlink /proc/self/fd/3; cat /proc/self/oom_score_adj
		touch /etc/x /usr/x; exit 9"] | .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 64,
		hard: 64}] | .process.env += ["B=c"] | .process.cwd = "/tmp" |
		.linux.maskedPaths = ["/proc/kcore", "/proc/keys"] | .linux.readonlyPaths = ["/proc/sys"] |
		.mounts += [{destination: "/mem", type: "tmpfs", source: "tmpfs",
			options: ["nosuid", "noexec", "size=64k"]}]'
	status=0
	"$@" run -b b "rlc-$$" </dev/null >facts 2>err || status=$?
	cat err >>facts
	echo "status $status" >>facts
}

# like RUNTIME...: it finds what another runtime's container finds, or cannot run here
like() {
	command -v "$1" >/dev/null || skip "$1 is missing"
	facts rlc-run --root states
	mv facts ours
	rm -rf b
	facts "$@"
	grep -q '^status 9' facts || skip "$1 cannot run here"
	diff -u facts ours
}

@test "spec: a config.json that runc and rlc-run run; one that is there stays" {
	for how in "" --rootless; do
		bundle
		rm b/config.json
		runs 0 rlc-run spec -b b $how
		is ""
		cp b/config.json made
		runs 1 rlc-run spec --bundle b $how
		has "b/config.json: cannot write: File exists"
		same made b/config.json
		jq '.process.terminal = false | .process.args = ["sh", "-c", "id -u; uname -n; ls /"] | .mounts += [
			{destination: "/usr", type: "none", source: "/usr", options: ["rbind", "ro"]}]' \
			made >b/config.json
		runs 0 rlc-run --root states run -b b x
		has $'0\nrlc-run\n' usr proc
		equal "$(jq '.linux.uidMappings | length' made)" "$([ "$how$ENVIRONMENT" = root ] && echo 0 || echo 1)"
		if [ "$ENVIRONMENT" = root ]; then
			runs 0 runc --root "$WORK/runc" run -b b x </dev/null
			has $'0\nrlc-run\n' usr proc
		fi
	done
	runs 1 rlc-run spec -b none
	has "none: cannot open the bundle"
}

@test "runc's container finds the same" { like runc --root "$WORK/runc"; }

@test "crun's container finds the same" { like crun --root "$WORK/crun"; }
