# SPDX-License-Identifier: Apache-2.0
# rlc-run: what a container, its configuration, or somebody beside it does to others.
# environments: user root
load lib

# on_host: a bundle filter for a container among the host's processes
on_host='.linux.namespaces |= map(select(.type != "pid")) | .mounts |= map(if .type == "proc" then
	{destination: "/proc", type: "bind", source: "/proc", options: ["rbind"]} else . end)'

@test "kill --all of a container among the host's processes hits nobody else" {
	bundle "$on_host"' | .process.args = ["sleep", "81.5"]'
	sleep 82.5 & other=$!
	rlc-run --root states run -d -b b x </dev/null >/dev/null 2>&1
	# in a pid namespace of its own, should it be wrong
	if [ "$ENVIRONMENT" = root ]; then
		rlc-run --root states delete --force x
		runs 0 unshare --pid --fork --mount-proc sh -c '
			sleep 83.5 & rlc-run --root states run -d -b b x </dev/null >/dev/null 2>&1
			rlc-run --root states kill --all x USR1; sleep 0.2; kill -0 $!
			rlc-run --root states state x | grep -q stopped; kill $!'
	fi
	kill "$other"
	rlc-run --root states delete --force x
}

@test "a container among the host's processes ends as a whole" {
	n=84.$$ # others may run this, too
	bundle "$on_host"' | .process.args = ["sh", "-c", "sleep $0 & setsid sleep $0 & sleep $0", "'$n'"]'
	for how in "kill x KILL" "delete --force x"; do
		rlc-run --root states run -d -b b x </dev/null >/dev/null 2>&1
		until [ "$(pgrep -fc "^sleep $n")" = 3 ]; do sleep 0.02; done
		rlc-run --root states $how
		runs 1 pgrep -f "^sleep $n"
		rlc-run --root states delete --force x
	done
}

@test "sysctls of the host stay as they are" {
	old=$(cat /proc/sys/vm/swappiness)
	bundle ".linux.sysctl = {\"vm.swappiness\": \"$old\", \"kernel.panic_on_oops\": \"0\"}"
	boxed true 2>err
	grep -q 'cannot be had here: linux.sysctl' err
	bundle '.linux.namespaces |= map(select(.type != "uts")) | del(.hostname) |
		.linux.sysctl = {"kernel.domainname": "'"$(cat /proc/sys/kernel/domainname)"'"}'
	boxed true 2>err
	grep -q 'cannot be had here: linux.sysctl' err
}

@test "the host keeps its name where no namespace is named that could have another" {
	name=$(uname -n)
	for key in hostname domainname; do
		bundle '.linux.namespaces |= map(select(.type != "uts")) | del(.hostname) |
			.'$key' = "'"$name"'"'
		runs 125 boxed true
		is "rlc-run: $key: needs a namespace \"uts\""
	done
}

@test "where devices are denied root's container neither makes them nor has the tree's" {
	[ "$ENVIRONMENT" = root ] || return 0
	deny='.linux.resources = {devices: [{allow: false, access: "rwm"}]} |
		.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	bundle "$deny"
	mknod -m 666 b/rootfs/node c 1 5
	runs 0 boxed 'mknod /tmp/x c 1 5 2>/dev/null || echo none; cat /node 2>/dev/null || echo denied
		head -c 3 /dev/zero | wc -c'
	is $'none\ndenied\n3'
	bundle "$deny | .process.args = [\"sleep\", \"9\"]"
	rlc-run --root states run -d -b b x </dev/null >/dev/null 2>&1
	runs 1 rlc-run --root states exec --cap CAP_MKNOD x mknod /tmp/x c 1 5
	rlc-run --root states delete --force x
	bundle "$deny | .linux.resources.devices[0].allow = true"
	runs 0 boxed 'mknod /tmp/x c 1 5; head -c 3 /tmp/x | wc -c; rm /tmp/x'
	is 3
	rm b/rootfs/node
}

@test "root's container is who its map says, not root" {
	[ "$ENVIRONMENT" = root ] || return 0
	bundle '.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0,
		hostID: 61000, size: 1}] | .linux.gidMappings = .linux.uidMappings'
	chmod 700 b
	runs 125 boxed true
	has "cannot use as root: Permission denied"
}

@test "a working directory that only root may enter is one, as with runc" {
	bundle '.process.args = ["pwd"] | .process.cwd = "/private" | .process.user = {uid: 8, gid: 8} |
		.process.capabilities = {}'
	mkdir -m 700 b/rootfs/private
	runs 0 rlc-run --root states run -b b x
	is /private
}

@test "variables without a name, or without a value, are none" {
	bundle '.process.args = ["env"] | .process.env += ["=x", "B", "", "C="] | .process.env += ["HOME=/"]'
	runs 0 rlc-run --root states run -b b x
	is $'PATH=/usr/bin:/bin\nC=\nHOME=/'
}

@test "who ends takes nothing from a new container of its id" {
	mkdir other
	bundle '.process.args = ["sleep", "85.5"]'
	mv b other
	bundle ".process.args = [\"true\"] | .hooks.poststop = [{path: \"/bin/sh\", args: [\"sh\", \"-c\",
		\"[ -e $WORK/once ] || { touch $WORK/once; $(command -v rlc-run) --root $WORK/states delete --force x
		$(command -v rlc-run) --root $WORK/states create -b $WORK/other/b x </dev/null >/dev/null 2>&1; }\"]}]"
	runs 0 rlc-run --root states run -b b x </dev/null
	runs 0 rlc-run --root states state x
	has '"status":"created"'
	rlc-run --root states delete --force x
}

@test "another one's container in a directory of all: its hooks and numbers are not believed" {
	[ "$ENVIRONMENT" = root ] || return 0
	bundle '.process.args = ["true"] | .hooks.poststop = [{path: "/bin/touch", args: ["touch", "'"$WORK"'/hooked"]}]'
	rlc-run --root states create -b b x </dev/null
	chown 61000 states/x
	for verb in state "delete --force" kill start; do
		if rlc-run --root states $verb x; then return 1; fi
	done
	[ ! -e hooked ]
	chown 0 states/x
	rlc-run --root states delete --force x
}

@test "ps of a container among the host's processes shows its own" {
	bundle "$on_host"' | .process.args = ["sh", "-c", "setsid sleep 85 & exec sleep 85"]'
	rlc-run --root states run -d -b b x </dev/null >/dev/null 2>&1
	first=$(rlc-run --root states state x | jq .pid)
	until [ "$(rlc-run --root states ps -f json x)" = "[$(pgrep -d, -P "$first"),$(pgrep -P "$(pgrep -P "$first")")]" ]; do
		((tries++ < 50))
		sleep 0.02
	done
	equal "$(rlc-run --root states ps x | grep -c sleep)" 2
	rlc-run --root states delete --force x
}
