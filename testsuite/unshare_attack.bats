# SPDX-License-Identifier: Apache-2.0
# Guests that attack what emulates root for them: testsuite/tools/attack.c, an attack a test.
# environments: user
load lib

setup() {
	rlc_setup
	mkdir -p tree/tmp
	cp "$TOOLS/attack" "$RLC" tree
	echo secret >outside
	chmod 600 outside
	outside=$(looks_of_outside)
}

# What is beside the tree stays as it was.
teardown() {
	local now
	now=$(looks_of_outside)
	rlc_teardown
	equal "$now" "$outside"
}

looks_of_outside() {
	cd "$WORK" && stat -c '%a %u %g %s %Y %Z' outside && getfattr -d -m - outside && ls
}

# held NAME [ARGUMENT]...: as a guest below /tmp of the tree
held() {
	run timeout -k 5 100 rlc-unshare -R tree -w /tmp /attack "$@"
	[ "$status" -eq 0 ] || { printf '%s: exit %s\n%s\n' "$1" "$status" "$output"; return 1; }
}

@test "a guest that does nothing else has its owners kept" {
	held check
}

@test "no descriptor of the supervisor can be had" {
	held getfd
}

@test "the supervisor cannot be traced" {
	held ptrace
}

@test "the supervisor's memory cannot be read or written" {
	held memory
}

@test "no call that is answered leads through /proc/1 into the supervisor" {
	held doors
}

@test "no namespace of the supervisor's can be entered" {
	held setns
}

@test "a guest that kills all that it sees is served on" {
	held kill
}

@test "limits on the supervisor make no call seem done that is not" {
	held limits
}

@test "a mount in a namespace of the guest's own is what it sees" {
	held mount
}

@test "a mount over /proc misleads nobody" {
	held proc
}

@test "a root that the guest has changed is its root" {
	held pivot
}

@test "there is no way up from a changed root" {
	held chroot
}

@test "/proc/self is the guest" {
	held self
}

@test "io_uring does not go round" {
	held io_uring
}

@test "calls of x32 are not let through unseen" {
	held x32
}

@test "calls of i386 are not let through unseen" {
	held i386
}

@test "a filter of the guest's own takes nothing away" {
	held filter
}

@test "bad pointers and sizes have the kernel's own errno" {
	held pointers
}

@test "memory that goes away meanwhile is an error of that call alone" {
	held unmap
}

@test "a path that changes after its check does not lead to root's file" {
	held path
}

@test "a directory that becomes a symlink does not lead to root's file" {
	held symlink
}

@test "a directory that moves away does not lead above a changed root" {
	held dotdot
}

@test "a call is done once with signals every 50 microseconds" {
	held timer
}

@test "the same with calls that start again" {
	held timer restart
}

@test "a process with another's number does not get its answer or ids" {
	held reuse
}

@test "a descriptor that becomes another after its check does not lead to root's file" {
	held fd
}

@test "a working directory that changes after its check does not lead to root's file" {
	held cwd
}

@test "no limit that a process sets makes it another user" {
	held limit
}

@test "who has become a user stays one in children and threads" {
	held again
}

@test "a thread that alone became a user starts processes of that user" {
	held thread
}

@test "two thousand processes at once" {
	held many
}

@test "a fork bomb within its limit leaves the others served" {
	held bomb
}

@test "forty who hang on FIFOs delay no other by 50 ms" {
	held fifo 40
}

@test "three hundred who hang on FIFOs delay no other by 50 ms" {
	held fifo 300
}

@test "no descriptor goes beyond a limit" {
	held descriptors
}

@test "a guest that is rlc-unshare itself joins in" {
	held nested /rlc /attack
}

@test "forty thousand calls leave no memory and no descriptor behind" {
	held spin 4000
}

# looping: a guest in the background that changes an owner all the time; sets $outer and $inner, the
# process that was started and the one that serves
looping() {
	rlc-unshare -R tree -w /tmp /attack loop >tree/loop.out 2>&1 3>&- &
	outer=$!
	for _ in {1..100}; do
		[ ! -e tree/tmp/started ] || break
		sleep 0.1
	done
	inner=$(pgrep -P "$outer")
	guest=$(pgrep -P "$inner")
}

# gone PID...: all of them have ended, within some seconds
gone() {
	local pid
	for _ in {1..50}; do
		for pid; do
			! kill -0 "$pid" 2>/dev/null || break
		done
		kill -0 "$pid" 2>/dev/null || return 0
		sleep 0.1
	done
	ps -o pid,ppid,stat,args -p "$(IFS=,; echo "$*")"
	return 1
}

@test "when the supervisor is killed the guest ends, and no record is half written" {
	looping
	kill -KILL "$inner"
	wait "$outer" || status=$?
	equal "$status" 137
	gone "$inner" "$guest"
	runs 0 rlc-getattr tree/tmp/looped
	rm -r tree/tmp/*
}

@test "when the process that was started is killed all end, and no record is half written" {
	looping
	kill -KILL "$outer"
	gone "$inner" "$guest"
	runs 0 rlc-getattr tree/tmp/looped
}

@test "a supervisor that is stopped and goes on serves on" {
	looping
	kill -STOP "$inner"
	sleep 0.5
	kill -CONT "$inner"
	sleep 0.5
	kill -0 "$guest"
	before=$(record tree/tmp/looped)
	for _ in {1..20}; do
		sleep 0.05
		[ "$(record tree/tmp/looped)" = "$before" ] || break
	done
	[ "$(record tree/tmp/looped)" != "$before" ]
	kill -TERM "$guest"
	wait "$outer" || status=$?
	equal "$status" 143
	[ ! -s tree/loop.out ]
}
