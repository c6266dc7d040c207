# SPDX-License-Identifier: Apache-2.0
# Archives that try to get out of the tree or to be believed: see gen/hostile.py for what
# each does. Nothing outside is created, changed, linked or read; what is good comes out.
# environments: user nons noopenat2 tmpfs root
load lib

setup() {
	rlc_setup
	mkdir -p outside/dir tree
	echo SECRET >outside/canary
	echo SECRET >outside/dir/inner
	chmod 640 outside/canary
	echo 'secret:x:666:666::/:' >outside/passwd
	echo 'secret:x:666:' >outside/group
	ln outside/canary outside/linked
	ln -s canary outside/soft
	setfattr -n user.mark -v SECRET outside/canary
	touch -hd '2001-02-03 04:05:06.789' outside/* outside
	gen tree -c outside >outside.before
	# what an archive may want to use from within an existing tree
	echo 'root:x:0:0::/:' >names
}

# untouched: nothing outside is as it was not before
untouched() {
	gen tree -c outside >outside.after
	same outside.before outside.after
	equal "$(ls -A)" "$(printf '%s\n' hostile.tar names outside outside.after outside.before tree)"
}

# hostile CASE STATUS [SAID...]: extracts it; each SAID is in a message
hostile() {
	gen hostile "$1" "$WORK/outside" >hostile.tar
	runs "$2" timeout 60 rlc-tar -xpf hostile.tar -C tree
	has "${@:3}"
	[ "$2" = 1 ] || is ''
	untouched
	good
	! find tree -type f -exec grep -l SECRET {} + | grep .
}

# good: the entries before and after what is hostile are there, with their owners
good() {
	equal "$(cat tree/good/first tree/good/last)" "$(printf 'first\nlast')"
	rlc-tar -cf check.tar -C tree good
	equal "$(gen list check.tar uid mtime | grep -c '"gid": 1[24]')" 2
	rm check.tar
}

evil() { [ "$(cat "tree/$1")" = evil ]; }

@test "a symlink to outside, then a file through it" {
	hostile symlink_then_file 1 'a'
	[ -L tree/a ]
}

@test "a relative symlink, then a file through it" {
	hostile symlink_relative 1 'd'
}

@test "a directory entry where a symlink stands" {
	hostile symlink_then_directory 0
	[ ! -L tree/a ]
	evil a/evil
}

@test "a file takes the place of a symlink" {
	hostile symlink_over_file 0
	[ ! -L tree/f ]
	evil f
}

@test "symlinks that are harmless one by one" {
	hostile symlink_chain 1 'top'
}

@test "a loop of symlinks" {
	hostile symlink_loop 1 'a: '
}

@test "magic links of /proc" {
	hostile symlink_proc 1 'p' 'q'
}

@test "FIFOs, devices, links and directories through a symlink" {
	hostile symlink_special 1 'a'
}

@test "up and out is clamped to the top" {
	hostile dotdot 0
	equal "$(cat tree/clamped tree/clamped-too)" "$(printf 'inside\ninside')"
	evil "$WORK/outside/canary"
}

@test "absolute names are below the top" {
	hostile absolute 0
	evil "$WORK/outside/canary"
}

@test "paths that are too long" {
	hostile long_path 1 'too long'
	equal "$(find tree/long -type f | wc -l)" 4
}

@test "CVE-2025-4517: symlinks that make a path too long" {
	hostile long_symlinks 1 'escape'
}

@test "CVE-2025-4138: names that change their meaning" {
	hostile normalised 1 's'
}

@test "a NUL in a path" {
	hostile nul_in_path 1 'n: ' 'm: '
	equal "$(ls tree)" good
}

@test "a message cannot write to the terminal" {
	hostile terminal 1 'x\033]0;owned\007\015\012'
	run rlc-tar -tvf hostile.tar
	[[ $output != *$'\033'* ]]
	has '\033]0;owned'
}

@test "CVE-2021-29136: the top becomes a symlink" {
	hostile dot_symlink 1 '.: ' '/: ' 'good/..: ' 'directory'
	equal "$(cat tree/canary)" inside
}

@test "the top becomes a file" {
	hostile dot_file 1 '.: ' 'directory'
}

@test "the top becomes a hard link" {
	hostile dot_hardlink 1 '.: '
}

@test "the top becomes a FIFO or a device" {
	hostile dot_fifo 1 './: ' '/: '
}

@test "a hard link to an absolute path" {
	hostile hardlink_absolute 1 'h: '
	evil h
}

@test "a hard link up and out" {
	hostile hardlink_dotdot 1 'h: ' 'i: '
}

@test "a hard link through a symlink" {
	hostile hardlink_through_symlink 1 'h: '
}

@test "a hard link to a symlink, then a file" {
	hostile hardlink_to_symlink 0
	evil h
	[ -L tree/s ]
}

@test "a hard link to a symlink that brings content, which it cannot" {
	gen hostile hardlink_with_data "$WORK/outside" >hostile.tar
	runs 1 timeout 60 rlc-tar -xpf hostile.tar -C tree
	untouched
	equal "$(cat tree/good/first)" first
}

@test "a hard link to what becomes a symlink later" {
	hostile hardlink_deferred 1 'h: '
	evil h
}

@test "a hard link to a directory" {
	hostile hardlink_to_directory 1 'h: '
}

@test "a hard link to itself" {
	hostile hardlink_to_self 0
	equal "$(cat tree/f)" kept
}

@test "CVE-2021-31566: a directory with work left becomes a symlink" {
	hostile fixup_directory 0
	[ -L tree/d ]
	[ -L tree/e/f ]
}

@test "the parent of a directory with work left becomes a symlink" {
	hostile fixup_parent 0
	[ -L tree/p ]
}

@test "CVE-2021-23177: what is set on a symlink is not set on its target" {
	gen hostile symlink_attributes "$WORK/outside" >hostile.tar
	run rlc-tar -xpf hostile.tar -C tree
	untouched
	good
	[ -L tree/s ]
}

@test "CVE-2025-62518: a pax size that hides entries" {
	hostile pax_size_hides 0
	equal "$(stat -c %s tree/outer)" 1024
	[ ! -e tree/smuggled ]
	lacks smuggled
}

@test "CVE-2026-33055: a pax size is not the next header's" {
	hostile pax_size_next_header 0
	equal "$(stat -c %s tree/outer)" 1024
	[ ! -e tree/smuggled ]
}

@test "sizes that are none" {
	for name in size_negative size_huge sparse_lies pax_huge; do
		gen hostile $name "$WORK/outside" >hostile.tar
		runs 1 timeout 60 rss 65536 rlc-tar -xpf hostile.tar -C tree
		has 'rlc-tar: '
		equal "$(cat tree/good/first)" first
		untouched
	done
}

@test "nobody's store of owners is believed" {
	hostile foreign_records 0
	for path in tree/dir tree/file tree/libarchive tree/plain; do
		run getfattr -h -d -m - -e text --absolute-names "$path"
		lacks 666 fuseoverlayfs virtfs ostreemeta overlay selinux user.rlc.kept user.rlc.new
		lacks user.rootlesscontainers. override_security
	done
	rlc-tar -cf check.tar -C tree dir file libarchive plain
	gen list check.tar >list
	rm check.tar
	equal "$(grep -c '"uid": 7, "gid": 8' list)" 4
	grep -a '"plain"' list | grep -aF '"mode": "0644", "uid": 0, "gid": 0'
	! grep -aE 'attrs|666|4755' list || false
	rm list
	if records; then
		equal "$(record tree/file)" 08071008
		equal "$(record tree/plain)" ''
	fi
}

@test "numbers that are no id" {
	hostile strange_ids 1 'u-minus: ' 'g-minus: ' 'u-noop: ' 'g-noop: ' 'u-wide: '
	[ ! -e tree/u-noop ]
	[ ! -e tree/g-noop ]
}

@test "no whiteout device appears that was not asked for" {
	hostile overlay_device 0
	[ ! -e tree/gone ]
}

@test "CVE-2024-9676: the tree's passwd is a symlink" {
	hostile passwd_symlink 0
	runs 1 rlc-chown --root tree secret tree/good/first
	has secret
	runs 0 rlc-tar -cf - -C tree good/first
	lacks secret
}

@test "the tree's passwd is a FIFO" {
	hostile passwd_fifo 0
	runs 1 timeout 20 rlc-chown --root tree secret tree/good/first
	timeout 20 rlc-tar -cf check.tar -C tree . || [ $? = 1 ]
	rm check.tar
}

@test "whiteouts of nothing, of the top and of what is above" {
	hostile whiteout_dots 1 'whiteout'
}

@test "whiteouts through a symlink" {
	gen hostile whiteout_through_symlink "$WORK/outside" >hostile.tar
	run rlc-tar -xpf hostile.tar -C tree
	untouched
	good
	[ -L tree/s ]
}

@test "whiteouts up and out" {
	hostile whiteout_dotdot 0
}

@test "whiteouts with slashes, and that are no files" {
	gen hostile whiteout_slashes "$WORK/outside" >hostile.tar
	run rlc-tar -xpf hostile.tar -C tree
	untouched
	good
}

@test "a whiteout removes a symlink, not its target, and does not follow those below" {
	mkdir tree/d
	ln -s "$WORK/outside" tree/s
	ln -s "$WORK/outside" tree/d/s
	/usr/bin/python3 - >hostile.tar <<-'END'
		import os, sys
		sys.path.insert(0, os.environ["GEN"])
		from layer import Layer
		layer = Layer(sys.stdout.buffer)
		layer.add(".wh.s")
		layer.add(".wh.d")
		layer.tar.close()
	END
	runs 0 rlc-tar -xpf hostile.tar -C tree
	untouched
	equal "$(ls -A tree)" ''
}

@test "files under files" {
	hostile file_as_directory 1 'f: '
	[ -p tree/fifo ]
}

@test "a file where a FIFO stands" {
	hostile fifo_then_file 0
	equal "$(cat tree/p)" 'a file now'
}

@test "a file where a device stands" {
	hostile device_then_file 0
	equal "$(cat tree/n)" 'a file now'
}

@test "entries of odd types" {
	hostile unknown_types 1 'type'
}

@test "attributes that no file system takes" {
	hostile attribute_huge 1 'a: '
}

@test "an existing tree full of symlinks to outside" {
	local name
	gen rich big deep special >hostile.tar
	for name in owners modes links names contents attrs; do ln -s "$WORK/outside" tree/$name; done
	runs 0 rlc-tar -xpf hostile.tar -C tree
	untouched
	[ ! -L tree/owners ]
}

@test "--strip-components does not help out" {
	gen hostile dotdot "$WORK/outside" >hostile.tar
	run rlc-tar --strip-components=1 -xf hostile.tar -C tree
	untouched
	run rlc-tar --strip-components=41 -xf hostile.tar -C tree
	untouched
}

@test "what -t, -d and --json print of them is safe" {
	local name
	for name in $(gen hostile --list); do
		gen hostile "$name" "$WORK/outside" >hostile.tar
		for option in -t -tv '-t --json' '-d -C tree'; do
			run timeout 60 rlc-tar $option -f hostile.tar
			[ "$status" -le 1 ]
			[[ $output != *[$'\001'-$'\010\013'-$'\037']* ]]
		done
	done
	untouched
}
