# SPDX-License-Identifier: Apache-2.0
# rlc-unshare: namespaces, ids, and how the command is started and ended. What it sees of files is in
# unshare_root.bats, a terminal in unshare_terminal.bats, hosts that refuse in unshare_refused.bats,
# hosts that have less than others in unshare_lacking.bats.
# environments: user tmpfs noopenat2 oldkernel inns root
load lib

# The namespace of that kind that a command finds itself in.
kind() { readlink "/proc/self/ns/$1"; }

# own KIND OPTION...: with the options a command has a namespace of that kind of its own.
own() {
	local kind=$1 here
	shift
	here=$(kind "$kind")
	runs 0 rlc-unshare "$@" readlink "/proc/self/ns/$kind"
	[[ $output == "$kind:["* && $output != "$here" ]]
}

# shared KIND OPTION...: the caller's.
shared() {
	local kind=$1
	shift
	runs 0 rlc-unshare "$@" readlink "/proc/self/ns/$kind"
	is "$(kind "$kind")"
}

@test "without options: user, mount, pid, ipc, uts, and the command is root" {
	for kind in user mnt pid ipc uts; do own $kind; done
	for kind in net cgroup; do shared $kind; done
	runs 0 rlc-unshare id -u
	is 0
	runs 0 rlc-unshare --emulate=off id -u
	is 0
}

@test "--user, --mount, --pid, --net, --ipc, --uts, --cgroup, --time make that one" {
	local letter kind word
	while read -r letter word kind; do
		own "$kind" -r "$letter" -f --emulate=off
		own "$kind" -r "--$word" -f --emulate=off
		[ "$letter" = -U ] || shared "$kind" -U -f --emulate=off
	done <<-EOF
		-U user user
		-m mount mnt
		-p pid pid
		-n net net
		-i ipc ipc
		-u uts uts
		-C cgroup cgroup
		-T time time
	EOF
}

@test "a namespace option with a file: the namespace stays there" {
	touch uts pid
	if [ "$(id -u)" = 0 ]; then
		runs 0 unshare -m sh -c '
			rlc-unshare --uts=uts --hostname kept true
			nsenter --uts=uts uname -n
			rlc-unshare --pid=pid -f true
			stat -f -c %T pid
			umount uts pid'
		is $'kept\nnsfs'
	else
		runs 125 rlc-unshare -r --uts=uts true
		has "uts: cannot keep a namespace there: Operation not permitted"
	fi
	runs 125 rlc-unshare -r --uts=uts --emulate=full true
}

@test "--user alone maps nobody" {
	runs 0 rlc-unshare -U id -u
	is 65534
}

@test "--map-root-user, --map-current-user, --map-user, --map-group" {
	runs 0 rlc-unshare -r sh -c 'id -u; id -g'
	is $'0\n0'
	runs 0 rlc-unshare --map-root-user --emulate=off cat /proc/self/setgroups
	is deny
	runs 0 rlc-unshare -c sh -c 'id -u; id -g'
	is "$(id -u; id -g)"
	runs 0 rlc-unshare --map-current-user id -u
	is "$(id -u)"
	runs 0 rlc-unshare --map-user=123 sh -c 'id -u; id -g'
	is $'123\n65534'
	runs 0 rlc-unshare --map-group 124 sh -c 'id -u; id -g'
	is $'65534\n124'
	runs 0 rlc-unshare --map-user daemon id -u
	is "$(id -u daemon)"
	runs 125 rlc-unshare --map-user no-such-user true
	is "rlc-unshare: no-such-user: no such user"
}

@test "--map-users and --map-groups: root maps what it says" {
	[ "$ENVIRONMENT" = root ] || return 0
	runs 0 rlc-unshare --map-users=100,200,10 --map-groups=50,60,7 \
		sh -c 'xargs -n3 </proc/self/uid_map; xargs -n3 </proc/self/gid_map'
	is $'200 100 10\n60 50 7'
	# the own id makes a hole in the range, which moves up
	runs 0 rlc-unshare --map-users=100,0,10 -r sh -c 'xargs -n3 </proc/self/uid_map'
	is $'1 100 9\n0 0 1'
}

@test "--map-users and --map-groups: an ordinary user has newuidmap and newgidmap do it" {
	[ "$ENVIRONMENT" != root ] || return 0
	mkdir bin
	for name in newuidmap newgidmap; do
		printf '#!/bin/sh\nshift\necho %s "$@" >>%s/log\n[ %s = newuidmap ]\n' \
			$name "$WORK" $name >bin/$name
		chmod +x bin/$name
	done
	PATH=$WORK/bin:$PATH runs 125 rlc-unshare --map-users=100,200,10 --map-groups=50,60,7 true
	is "rlc-unshare: cannot map these ids"
	equal "$(cat log)" $'newuidmap 200 100 10\nnewgidmap 60 50 7'
}

@test "without newuidmap the package is named" {
	[ "$ENVIRONMENT" != root ] || return 0
	mkdir empty
	PATH=$WORK/empty run "$BATS_RUN_TMPDIR/bin/rlc-unshare" --map-users=100,200,10 /bin/true
	equal "$status" 125
	has "package uidmap"
}

@test "--map-auto takes the first range of /etc/subuid and /etc/subgid" {
	mkdir bin
	printf '#!/bin/sh\nshift\necho "$@" >>%s/log\nexit 1\n' "$WORK" >bin/newuidmap
	cp bin/newuidmap bin/newgidmap
	chmod +x bin/*
	printf '%s\n' other:5:5 "0:100000:65536" 0:7:7 >sub
	[ -e /etc/subuid ] && [ -e /etc/subgid ] || return 0
	PATH=$WORK/bin:$PATH runs 125 rlc-unshare -r -m --emulate=off --bind sub:/etc/subuid \
		--bind sub:/etc/subgid rlc-unshare --map-auto true
	equal "$(cat log)" "0 100000 65536"
	rm log
	PATH=$WORK/bin:$PATH runs 125 rlc-unshare -r -m --emulate=off --bind sub:/etc/subuid \
		--bind sub:/etc/subgid rlc-unshare --map-auto -r true
	equal "$(cat log)" "1 100000 65535 0 0 1"
	echo other:5:5 >sub
	runs 125 rlc-unshare -r -m --emulate=off --bind sub:/etc/subuid rlc-unshare --map-auto true
	has "/etc/subuid gives no ids to" "usermod --add-subuids"
}

@test "--setgroups" {
	runs 0 rlc-unshare -U --setgroups=deny cat /proc/self/setgroups
	is deny
	if [ "$(cat /proc/self/setgroups)" = allow ]; then # what is denied here stays denied inside
		runs 0 rlc-unshare -U --setgroups allow cat /proc/self/setgroups
		is allow
	fi
	runs 125 rlc-unshare -r --setgroups=allow true
	runs 125 rlc-unshare --setgroups=perhaps true
	has "'perhaps'"
}

@test "--setuid and --setgid are the command's ids" {
	runs 0 rlc-unshare --map-user=7 --map-group=8 -S 7 id -u
	is 7
	runs 125 rlc-unshare --map-user=7 --emulate=off --setuid=9 true
	has "cannot set the ids"
	runs 0 rlc-unshare -S 5 -G 6 sh -c 'id -u; id -g; id -G'
	is $'5\n6\n6'
}

@test "--fork, with --pid and nothing emulated, makes the command the first process" {
	runs 0 rlc-unshare -r -p -f --emulate=off sh -c 'echo $$'
	is 1
	runs 0 rlc-unshare -r --pid --fork --mount-proc --emulate=off readlink /proc/self
	is 1
	# without it rlc-unshare becomes the command
	runs 0 sh -c 'echo $$; exec rlc-unshare -r --emulate=off sh -c "echo \$\$"'
	[ "${lines[0]}" = "${lines[1]}" ]
	runs 0 sh -c 'echo $$; exec rlc-unshare -r -f --emulate=off sh -c "echo \$\$"'
	[ "${lines[0]}" != "${lines[1]}" ]
}

@test "--mount-proc at another place; by default at /proc" {
	mkdir here
	runs 0 rlc-unshare -r -p -f --mount-proc="$WORK/here" --emulate=off readlink here/self
	is 1
	runs 0 rlc-unshare --emulate=off sh -c 'readlink /proc/self; echo $$; ls -d /proc/[0-9]* | wc -l'
	[ "${lines[2]}" -le 5 ]
	[ -z "$(ls here)" ]
}

@test "--kill-child ends the command with the signal" {
	cat >go <<-'EOF'
		trap 'echo ended >ended; exit' TERM
		echo $$ >started
		while :; do sleep 0.05; done
	EOF
	for emulate in off auto; do
		rm -f started ended
		rlc-unshare -r -p --kill-child=TERM --emulate=$emulate sh go 3>&- &
		until [ -s started ]; do sleep 0.05; done
		kill -9 $!
		wait $! || :
		for _ in {1..100}; do [ -e ended ] && break; sleep 0.05; done
		[ -e ended ]
	done
	runs 125 rlc-unshare --kill-child=NONE true
}

# alive NAME: whether a process has that argument
alive() { grep -qsazF "$1" /proc/[0-9]*/cmdline; }

@test "the command and all it has started end with rlc-unshare, by kill -9 too" {
	local mark=mark-$$-$RANDOM
	# shellcheck disable=SC2016
	rlc-unshare sh -c 'setsid sh -c "echo >ready; while :; do sleep 0.05; done" $1 & wait' sh "$mark" 3>&- &
	until [ -e ready ]; do sleep 0.05; done
	alive "$mark"
	kill -9 $!
	wait $! || :
	for _ in {1..100}; do alive "$mark" || break; sleep 0.05; done
	! alive "$mark"
}

@test "what the command leaves running ends with it" {
	local mark=mark-$$-$RANDOM
	# shellcheck disable=SC2016
	runs 3 rlc-unshare sh -c 'setsid sleep 100 $1 >&- 2>&- 3>&- & sleep 0.1; exit 3' sh "$mark"
	! alive "$mark"
}

@test "orphans are reaped" {
	runs 0 rlc-unshare --emulate=off sh -c '
		for i in 1 2 3 4 5; do (true &); done
		sleep 0.3
		cat /proc/[0-9]*/stat | grep -c ") Z " || :'
	is 0
}

@test "exit status: the command's, 128+N, 125, 126, 127" {
	for emulate in off auto; do
		runs 7 rlc-unshare --emulate=$emulate sh -c 'exit 7'
		runs 0 rlc-unshare --emulate=$emulate true
		runs 143 rlc-unshare --emulate=$emulate sh -c 'kill -TERM $$'
		runs 137 rlc-unshare --emulate=$emulate sh -c 'kill -KILL $$'
		runs 0 sh -c 'PATH=/usr/bin:/bin "$RLC" unshare --emulate=$0 no-such-thing; echo $?' $emulate
		is $'rlc-unshare: no-such-thing: cannot run: No such file or directory\n127'
		runs 126 rlc-unshare --emulate=$emulate /etc/passwd
		is "rlc-unshare: /etc/passwd: cannot run: Permission denied"
	done
	runs 7 rlc-unshare -r -f --emulate=off sh -c 'exit 7'
	runs 143 rlc-unshare -r -f --emulate=off sh -c 'kill -TERM $$'
	runs 125 rlc-unshare --no-such-option true
	runs 125 rlc-unshare -w /no/such/directory true
	is "rlc-unshare: /no/such/directory: cannot go there: No such file or directory"
}

@test "signals reach the command, once" {
	cat >go <<-'EOF'
		trap 'echo usr1 >>log' USR1
		trap 'echo term >>log; exit 9' TERM
		echo >ready
		while :; do sleep 0.05; done
	EOF
	for emulate in off auto; do
		rm -f ready log
		rlc-unshare --emulate=$emulate sh go 3>&- &
		until [ -e ready ]; do sleep 0.05; done
		kill -USR1 $!
		until [ -s log ]; do sleep 0.05; done
		kill -TERM $!
		status=0
		wait $! || status=$?
		equal "$status" 9
		equal "$(cat log)" $'usr1\nterm'
	done
}

@test "a signal to the whole process group comes once, too" {
	cat >go <<-'EOF'
		trap 'echo usr1 >>log' USR1
		echo >ready
		while ! [ -e stop ]; do sleep 0.05; done
	EOF
	setsid sh -c 'trap : USR1; rlc-unshare sh go' 3>&- &
	leader=$!
	until [ -e ready ]; do sleep 0.05; done
	for n in 1 2 3; do
		kill -USR1 -- -"$leader"
		for _ in {1..100}; do [ "$(wc -l <log)" -ge $n ] && break; sleep 0.05; done 2>/dev/null
		sleep 0.3
	done
	touch stop
	wait "$leader" || :
	equal "$(cat log)" $'usr1\nusr1\nusr1'
}

@test "the other end of a pipe sees what the command closes" {
	mkfifo pipe
	cat pipe >got &
	reader=$!
	rlc-unshare sh -c 'echo one; exec >&-; echo >closed; while ! [ -e stop ]; do sleep 0.05; done' >pipe 3>&- &
	until [ -e closed ]; do sleep 0.05; done
	wait $reader # ends although the command runs
	equal "$(cat got)" one
	touch stop
	wait $!
}

@test "--propagation" {
	local it
	for it in private slave shared; do
		runs 0 rlc-unshare -r -m --propagation=$it --emulate=off \
			awk '$5 == "/" { print $7 }' /proc/self/mountinfo
		case $it in
		private) is - ;;
		shared) has shared: ;;
		slave) lacks shared: ;;
		esac
	done
	runs 0 rlc-unshare -r -m --propagation=unchanged --emulate=off true
	runs 125 rlc-unshare --propagation=no true
	runs 0 rlc-unshare --explain --propagation slave --emulate=off true
	has "MS_REC|MS_SLAVE"
	runs 0 rlc-unshare --explain --propagation unchanged --emulate=off true
	lacks "MS_REC|MS_"
}

@test "--boottime and --monotonic set the clocks of a time namespace" {
	clocks='import time
print(int(time.clock_gettime(time.CLOCK_BOOTTIME)), int(time.clock_gettime(time.CLOCK_MONOTONIC)))'
	read -r boot mono < <(/usr/bin/python3 -c "$clocks")
	for how in "-f --emulate=off" ""; do
		# shellcheck disable=SC2086
		runs 0 rlc-unshare -r -T $how --boottime 300000000 --monotonic=200000000 /usr/bin/python3 -c "$clocks"
		read -r boot2 mono2 <<<"$output"
		[ $((boot2 - boot)) -ge 300000000 ] && [ $((boot2 - boot)) -lt 300001000 ]
		[ $((mono2 - mono)) -ge 200000000 ] && [ $((mono2 - mono)) -lt 200001000 ]
	done
	runs 125 rlc-unshare -r --boottime 5 true
}

@test "--hostname" {
	runs 0 rlc-unshare --hostname some-name uname -n
	is some-name
	runs 0 rlc-unshare -r --hostname=other uname -n
	is other
	[ "$(uname -n)" != some-name ]
}

@test "--env and --clearenv" {
	VISIBLE=1 runs 0 rlc-unshare --env A=b --env C= env
	has VISIBLE=1 A=b C=
	VISIBLE=1 runs 0 rlc-unshare --clearenv --env A=b /usr/bin/env
	is A=b
	runs 125 rlc-unshare --env A true
	is $'rlc-unshare: --env: \'A\' is not NAME=VALUE\nrlc-unshare: Try \'rlc-unshare --help\'.'
}

@test "--wd" {
	mkdir sub
	runs 0 rlc-unshare -w sub pwd
	is "$WORK/sub"
	runs 0 rlc-unshare pwd
	is "$WORK"
}

@test "without a command the shell runs" {
	printf '#!/bin/sh\necho "my shell"\n' >shell
	chmod +x shell
	SHELL=$WORK/shell runs 0 rlc-unshare
	is "my shell"
	unset SHELL
	runs 0 rlc-unshare <<<'echo from sh'
	is "from sh"
}

@test "options behind the command are the command's" {
	runs 0 rlc-unshare echo -r --help
	is "-r --help"
	runs 0 rlc-unshare -- echo --
	is "--"
}

@test "--emulate chooses what becomes of a change of owner" {
	# shellcheck disable=SC2016
	local go='touch $0; chown 5:6 $0 2>/dev/null; echo $?; stat -c %u:%g $0'
	runs 0 rlc-unshare --emulate=off sh -c "$go" a
	is $'1\n0:0'
	runs 0 rlc-unshare --emulate=lie sh -c "$go" b
	is $'0\n0:0'
	runs 0 rlc-unshare --emulate=full sh -c "$go" c
	is $'0\n5:6'
	runs 0 rlc-unshare --emulate=auto sh -c "$go" d
	is $'0\n5:6'
	runs 0 rlc-unshare -r sh -c "$go" e
	is $'0\n5:6'
	runs 125 rlc-unshare --emulate=perhaps true
	has "'perhaps'"
}

@test "--as" {
	runs 0 rlc-unshare --as 5 id -u
	is 5
	runs 0 rlc-unshare --as 5:6 sh -c 'id -u; id -g; id -G'
	is $'5\n6\n6'
	runs 0 rlc-unshare --as daemon sh -c 'id -un; id -gn'
	is $'daemon\ndaemon'
	runs 0 rlc-unshare --as daemon:mail id -gn
	is mail
	runs 125 rlc-unshare --as no-such-user true
	has "'no-such-user' is no user"
	runs 125 rlc-unshare --as 5 --emulate=off true
}

@test "--as has the groups that list the user" {
	grep -v '^extra:' /etc/group >group
	echo extra:x:4242:other,daemon,third >>group
	runs 0 rlc-unshare --bind group:/etc/group --as daemon id -G
	is "$(id -g daemon) 4242"
}

@test "--strict: a dropped user reads only what it may" {
	echo secret >mine
	chmod 600 mine
	runs 0 rlc-unshare --as 5:6 cat mine
	is secret
	run rlc-unshare --strict --as 5:6 cat mine
	[ "$status" -ne 0 ]
	lacks secret
}

@test "rlc-unshare in rlc-unshare joins in" {
	# shellcheck disable=SC2016
	runs 0 rlc-unshare rlc-unshare sh -c 'touch f; chown 5:6 f; stat -c %u:%g f; id -u'
	is $'5:6\n0'
	runs 0 rlc-unshare stat -c %u:%g f
	is 5:6
}

@test "--explain shows the steps, and nothing of them without it" {
	runs 0 rlc-unshare --explain --emulate=off true
	has "unshare(CLONE_NEWUSER|CLONE_NEWPID)" "uid_map\", \"0 $(id -u) 1\")" "unshare(CLONE_NEWNS)" \
		'mount("proc", "/proc", "proc", MS_NOSUID|MS_NODEV|MS_NOEXEC, NULL)' 'execvp("true", ...)'
	runs 0 rlc-unshare --emulate=off true
	is ""
	runs 0 rlc-unshare --explain true
	has "SECCOMP_FILTER_FLAG_NEW_LISTENER"
	runs 0 rlc-unshare --explain --emulate=lie true
	has seccomp
	lacks NEW_LISTENER
}

@test "--rung says what is allowed" {
	runs 0 rlc-unshare --rung
	has "rung 2 of 5: user namespace and notification" "rung 1, subordinate ids"
}

@test "inherited descriptors are the command's, and only the command's" {
	echo through >file
	runs 0 rlc-unshare sh -c 'cat <&9' 9<file
	is through
}

@test "nothing of rlc-unshare's own is open in the command" {
	runs 0 ls /proc/self/fd
	local without=$output
	runs 0 rlc-unshare ls /proc/self/fd
	is "$without"
}
