# SPDX-License-Identifier: Apache-2.0
# rlc-run under Podman, as an ordinary user without subordinate ids.
# environments: user
load lib

setup() {
	rlc_setup
	# Podman takes no more than 50 bytes
	short=$(mktemp -d /tmp/rlc.XXXXXX)
	export HOME=$WORK/home XDG_RUNTIME_DIR=$short/run
	mkdir -m 700 home "$short/run"
}

teardown() {
	pod rm -f --all >/dev/null 2>&1
	kill "$(cat "$short/run/libpod/tmp/pause.pid" 2>/dev/null)" 2>/dev/null
	rm -rf "$short"
	rlc_teardown
}

pod() {
	podman --root "$WORK/storage" --runroot "$short/root" --cgroup-manager=cgroupfs \
		--storage-opt ignore_chown_errors=true --runtime "$(command -v rlc-run)" "$@"
}

# started: an image, box, with a shell and some programs
started() {
	command -v podman >/dev/null || skip "podman is missing"
	for file in sh sleep id cat stat touch chown; do
		file=$(command -v $file)
		for part in "$file" $(ldd "$file" | grep -o '/[^ )]*'); do install -D "$part" "tree/$part"; done
	done
	mkdir -p tree/{etc,tmp,proc,dev,sys}
	printf 'root:x:0:0::/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\n' >tree/etc/passwd
	tar -C tree -cf tree.tar .
	pod import tree.tar box >out 2>&1 || skip "podman cannot run here"
}

# box OPTION...: a container without what this machine may lack
box() { pod run --rm --network=none "$@"; }

@test "podman run: exit status, standard input, users that are not mapped" {
	started
	echo in >in
	runs 5 box -i box sh -c 'cat; exit 5' <in
	is in
	runs 0 box --user 8:8 box sh -c 'id -u; id -g'
	is $'8\n8'
	runs 0 box box sh -c 'touch /f; chown 8:50 /f; stat -c %u:%g /f'
	is 8:50
	runs 127 box box nothing
	runs 126 box box /etc/passwd
	runs 137 box box sh -c 'kill -9 $$'
}

@test "podman run: volumes, environment, directory, name, read-only, a terminal" {
	started
	mkdir vol
	echo seen >vol/f
	runs 1 box -v "$WORK/vol:/mnt:ro" -e A=b -w /tmp --hostname me --read-only box \
		sh -c 'cat /mnt/f; echo $A; pwd; cat /proc/sys/kernel/hostname; touch /mnt/x || touch /x'
	has $'seen\nb\n/tmp\nme' "touch: cannot touch '/mnt/x': Read-only" "cannot touch '/x': Read-only"
	runs 0 box -t box sh -c '[ -t 1 ] && echo terminal'
	has terminal
}

@test "podman run -d, exec, logs, kill, stop, wait" {
	started
	pod run -d --network=none --name w box sh -c 'trap "echo got; exit 9" TERM
		echo up; while :; do sleep 0.1; done' >id
	runs 6 pod exec w sh -c 'id -u; exit 6'
	is 0
	runs 0 pod exec --user 8 w id -u
	is 8
	runs 0 box --pid=container:w --ipc=container:w box cat /proc/2/comm
	is sh
	pod stop -t 10 w >/dev/null
	runs 0 pod logs w
	is $'up\ngot'
	runs 0 pod wait w
	is 9
	pod start w >/dev/null
	pod kill w >/dev/null
	runs 0 pod wait w
	is 137
}
