# SPDX-License-Identifier: Apache-2.0
# Random system calls as fake root, and the same ones as real root: each result, each errno, what
# stat says after it, and in the end the whole tree. testsuite/tools/calls.c makes them.
# To look at one that differs: its number is the first word of the line; `calls --from N --to N`
# (the number by 100) makes only the segment that it is in, and --without leaves calls out.
# environments: root
load lib

# Somebody who is nobody here
GUEST=(setpriv --reuid=61233 --regid=61233 --clear-groups --inh-caps=-all --no-new-privs)

setup() {
	rlc_setup
	reachable "$WORK"
	mkdir real fake
	cp "$TOOLS/calls" fake/calls
	chmod 755 real fake fake/calls
	chown -R 61233:61233 fake
	caps=$(awk '/^CapBnd/ { print $2 }' /proc/self/status)
}

# The ordinary user has to get there: what is above belongs to this run, up to /tmp or the like.
reachable() {
	local dir=$1
	while [ "$dir" != / ] && [ ! -k "$dir" ]; do
		[[ $(stat -c %a "$dir") == *[1357] ]] || chmod o+x "$dir"
		dir=$(dirname "$dir")
	done
}

# agree EMULATION ARGUMENT...: both kinds of root are told the same
agree() {
	local options=$1
	shift
	timeout 100 "$TOOLS/calls" --caps "$caps" -R "$PWD/real" "$@" >want
	# shellcheck disable=SC2086 # options are words
	timeout 100 "${GUEST[@]}" "$RLC" unshare $options -R "$PWD/fake" /calls --caps "$caps" "$@" >got 2>err ||
		{ echo "exit $?"; head -n 20 err; }
	[ -s want ]
	same want got || { echo "calls $*"; return 1; }
}

# same_tree: what is left, packed, is the same
same_tree() {
	rlc-tar -cf real.tar -C real scratch
	"${GUEST[@]}" "$RLC" tar -cf - -C fake scratch >fake.tar
	gen list real.tar mtime >want
	gen list fake.tar mtime >got
	same want got
}

@test "a root who stays root: 4,000 calls" {
	agree "" 1 2000
	same_tree
	agree "" 2 2000
}

@test "users who were root: 4,000 calls" {
	agree "" --ids 3 2000
	agree "" --ids 4 2000
	same_tree
}

@test "users who were root, and all that they read, search and execute: 4,000 calls" {
	agree --strict --ids --strict 5 2000
	agree --strict --ids --strict 6 2000
	same_tree
}

@test "the same seed makes the same calls again" {
	"$TOOLS/calls" -R "$PWD/real" --ids --strict 7 1000 >want
	"$TOOLS/calls" -R "$PWD/real" --ids --strict 7 1000 >got
	same want got
	[ "$(wc -l <got)" -gt 1000 ]
}
