# SPDX-License-Identifier: Apache-2.0
# rlc-unshare at a terminal: as in a shell.
# environments: user root
load lib

# The shell that a person types into.
shell() { gen terminal bash --norc -i; }

setup() {
	rlc_setup
	mkdir -p tree/usr
	ln -s usr/bin usr/lib usr/lib64 usr/sbin tree
}

OPTIONS=("--emulate=off" "" "-R tree --bind /usr")

@test "Ctrl-C ends the command" {
	for options in "${OPTIONS[@]}"; do
		runs 0 shell <<-EOF
			type rlc-unshare $options sh -c 'echo sta""rted; sleep 50'; echo status=\$?\n
			see started
			type \x03
			see status=130
			type exit\n
		EOF
	done
}

@test "--foreground: a shell that puts back the group that it found, and needs its number" {
	for options in "--emulate=off -r --pid --fork --mount-proc" "-R tree --bind /usr"; do
		runs 0 shell <<-EOF
			type PS1='in% ' rlc-unshare --foreground $options dash -i; echo status=\$?\n
			see in%
			type sleep 40; echo ca""lled\n
			see sleep 40
			type \x03
			see in%
			type exit 3\n
			see status=3
			type exit\n
		EOF
		lacks "Cannot set tty"
	done
	runs 0 shell <<-EOF
		type rlc-unshare --foreground -R tree --bind /usr sh -c 'echo sta""rted; sleep 1; echo do""ne'; echo status=\$?\n
		see started
		type \x1a
		see done
		see status=0
		type exit\n
	EOF
}

@test "Ctrl-Z stops it, fg and bg go on" {
	for options in "${OPTIONS[@]}"; do
		runs 0 shell <<-EOF
			type rlc-unshare $options sh -c 'echo sta""rted; sleep 1; echo do""ne; exit 5'\n
			see started
			type \x1a
			see Stopped
			type bg\n
			type fg\n
			see done
			type echo status=\$?\n
			see status=5
			type exit\n
		EOF
	done
}

@test "a shell inside has job control of its own" {
	for options in "${OPTIONS[@]}"; do
		runs 0 shell <<-EOF
			type where=outer\n
			type rlc-unshare $options bash --norc -i\n
			type echo inner=\$\$ where=\$where.\n
			see inner=2 where=.
			type sleep 40\n
			see sleep 40
			type \x1a
			see Stopped
			type kill -9 %1; sleep 0.3; jobs; exit\n
			see exit
			type echo where=\$where.\n
			see where=outer.
			type exit\n
		EOF
		lacks "no job control"
	done
}

@test "the command sees the terminal's size change" {
	runs 0 shell <<-'EOF'
		type rlc-unshare bash --norc -c 'trap "stty size" WINCH; echo sta""rted; while :; do sleep 0.1; done'\n
		see started
		size 31 77
		see 31 77
		type \x03
		type exit\n
	EOF
}

@test "a script goes on reading after a shell inside has ended" {
	runs 0 gen terminal sh -c 'rlc-unshare bash --norc -i; read x; echo got=$x' <<-'EOF'
		see #
		type exit\n
		see exit
		type line\n
		see got=line
	EOF
}
