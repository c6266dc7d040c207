# SPDX-License-Identifier: Apache-2.0
# rlc itself: finding applets, --list, --install, --version, and what every applet gets from it.
load lib

setup() {
	rlc_setup
	mkdir "$WORK/bin"
	cp "$RLC" "$WORK/bin/rlc"
	rlc=$WORK/bin/rlc
}

teardown() {
	rlc_teardown
}

# What a command says to standard error; its status is in $status
stderr_of() {
	status=0
	output=$("$@" 2>&1 >/dev/null) || status=$?
}

@test "--list has one bare name a line, and each answers" {
	run "$rlc" --list
	[ "$status" -eq 0 ]
	[[ $'\n'$output$'\n' == *$'\nchown\n'* ]]
	for name in $output; do
		[[ $name =~ ^[a-z]+$ ]]
		[[ $("$rlc" "$name" --help) == "Usage: rlc-$name "* ]]
	done
}

@test "--list -v says what each applet does" {
	run "$rlc" --list -v
	[ "$status" -eq 0 ]
	grep -qE '^  chown {20,}[A-Z]' <<<"$output"
	[ "$output" = "$("$rlc" --list --verbose)" ]
}

@test "--version is one line, with -v the libraries too" {
	[ "$("$rlc" --version)" = "rlc ${VERSION:-0.1}" ]
	run "$rlc" --version -v
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "rlc ${VERSION:-0.1}" ]
	[ "${#lines[@]}" -gt 1 ]
	for line in "${lines[@]:1}"; do
		[[ $line =~ ^[a-z0-9-]+\ .*sha256:[0-9a-f]{64}$ ]]
	done
	[[ $("$rlc" chown --version) == "rlc-chown ${VERSION:-0.1}" ]]
}

@test "--help shows the options and the applets" {
	run "$rlc" --help
	[ "$status" -eq 0 ]
	[ "${lines[0]}" = "Usage: rlc APPLET [ARGUMENT]..." ]
	for option in --list --install --symbolic --verbose --help --version; do
		[[ $output == *"$option"* ]]
	done
	for name in $("$rlc" --list); do
		grep -q "^  $name  " <<<"$output"
	done
	[ "$(wc -L <<<"$output")" -le 80 ]
}

@test "help of every applet fits in 80 columns" {
	for name in $("$rlc" --list); do
		[ "$("$rlc" "$name" --help | wc -L)" -le 80 ]
	done
}

@test "a wrong name gets the nearest right one, and 127" {
	stderr_of "$rlc" chwon
	[ "$status" -eq 127 ]
	[ "$output" = "rlc: chwon: no such applet; did you mean 'chown'?" ]
	ln -s rlc "$WORK/bin/rlc-chwon"
	stderr_of "$WORK/bin/rlc-chwon"
	[ "$status" -eq 127 ]
	[ "$output" = "rlc: chwon: no such applet; did you mean 'chown'?" ]
	stderr_of "$rlc" nothing-like-it
	[ "$status" -eq 127 ]
	[ "$output" = "rlc: nothing-like-it: no such applet; 'rlc --list' shows them" ]
}

@test "a name in a message cannot write to the terminal" {
	stderr_of "$rlc" $'a\n\033[1m\xff'
	[ "$status" -eq 127 ]
	[[ $output == 'rlc: a\012\033[1m\377: no such applet;'* ]]
}

@test "wrong usage is 2" {
	stderr_of "$rlc"
	[ "$status" -eq 2 ]
	[ "$output" = $'rlc: the name of an applet is missing\nrlc: Try \'rlc --help\'.' ]
	for wrong in --lists --install "--install a b" "--list a" "-q" "chown --no-such-option"; do
		stderr_of "$rlc" $wrong
		[ "$status" -eq 2 ]
		[[ $output == "rlc"*"Try 'rlc"*"--help'." ]]
	done
	stderr_of "$rlc" --lists
	[[ $output == *"did you mean '--list'?"* ]]
}

@test "--install makes a hard link an applet" {
	mkdir "$WORK/new"
	run "$rlc" --install "$WORK/new"
	[ "$status" -eq 0 ]
	[ -z "$output" ]
	[ "$(ls -A "$WORK/new")" = "$("$rlc" --list | sed s/^/rlc-/ | LC_ALL=C sort)" ]
	for name in $("$rlc" --list); do
		[ "$WORK/new/rlc-$name" -ef "$rlc" ]
		[ ! -L "$WORK/new/rlc-$name" ]
	done
	[[ $("$WORK/new/rlc-chown" --help) == "Usage: rlc-chown "* ]]
}

@test "--install -s makes absolute symbolic links" {
	mkdir "$WORK/new" "$WORK/long"
	cd "$WORK/bin"
	run ./rlc --install -s ../new
	[ "$status" -eq 0 ]
	run ./rlc --install ../long --symbolic
	[ "$status" -eq 0 ]
	for name in $("$rlc" --list); do
		[ "$(readlink "$WORK/new/rlc-$name")" = "$(realpath "$rlc")" ]
		[ -L "$WORK/long/rlc-$name" ]
	done
	[[ $("$WORK/new/rlc-chown" --help) == "Usage: rlc-chown "* ]]
}

@test "--install replaces what is there, twice too, and leaves nothing behind" {
	mkdir "$WORK/new"
	echo old >"$WORK/new/rlc-chown"
	ln -s /nonexistent "$WORK/new/rlc-ls"
	echo mine >"$WORK/new/other"
	for links in "" -s "" ""; do
		run "$rlc" --install $links "$WORK/new"
		[ "$status" -eq 0 ]
		[ "$WORK/new/rlc-chown" -ef "$rlc" ]
		[ "$WORK/new/rlc-ls" -ef "$rlc" ]
		[ "$(cat "$WORK/new/other")" = mine ]
		[ "$(ls -A "$WORK/new" | wc -l)" -eq $(($("$rlc" --list | wc -l) + 1)) ]
	done
}

@test "--install says what it could not link and makes the others" {
	mkdir -p "$WORK/new/rlc-chown/full"
	stderr_of "$rlc" --install "$WORK/new"
	[ "$status" -eq 1 ]
	[[ $output == "rlc: $WORK/new/rlc-chown: cannot link: "* ]]
	[ "$(wc -l <<<"$output")" -eq 1 ]
	[ "$WORK/new/rlc-ls" -ef "$rlc" ]
	[ -z "$(find "$WORK/new" -name '.rlc*')" ]
}

@test "--install needs a directory that is there" {
	stderr_of "$rlc" --install "$WORK/missing"
	[ "$status" -eq 1 ]
	[ "$output" = "rlc: $WORK/missing: cannot open: No such file or directory" ]
	stderr_of "$rlc" --install "$rlc"
	[ "$status" -eq 1 ]
	[[ $output == *"Not a directory" ]]
}

@test "output that cannot be written is told, and 1" {
	run bash -c '"$0" --list 2>&1 >/dev/full' "$rlc"
	[ "$status" -eq 1 ]
	[ "$output" = "rlc: standard output: No space left on device" ]
	run bash -c '"$0" chown --help 2>&1 >/dev/full' "$rlc"
	[ "$status" -eq 1 ]
	[ "$output" = "rlc-chown: standard output: No space left on device" ]
	run bash -c '"$0" --list 2>&1 >&-' "$rlc"
	[ "$status" -eq 1 ]
	[ "$output" = "rlc: standard output: Bad file descriptor" ]
}

@test "a file never takes the place of a closed standard error" {
	cd "$WORK"
	if "$rlc" tar -cf closed.tar missing 2>&-; then false; fi
	if "$rlc" tar -cf open.tar missing 2>/dev/null; then false; fi
	[ -s open.tar ]
	cmp closed.tar open.tar
}
