# SPDX-License-Identifier: Apache-2.0
# Each option of rlc-tar, so that it fails when the option does nothing.
# environments: user nons oldkernel root
load lib

setup() {
	rlc_setup
	layer >in.tar <<-'END'
		layer.directory("etc")
		layer.add("etc/passwd", data=b"root:x:0:0::/:\nalice:x:1001:1001::/:\n")
		layer.add("etc/group", data=b"root:x:0:\nshadow:x:42:\nalice:x:1001:\n")
		layer.add("etc/shadow", data=b"alice:*:\n", mode=0o640, owner=(0, 42))
		layer.directory("home", time="1600000000")
		layer.directory("home/alice", 0o2770, owner=(1001, 1001))
		layer.add("home/alice/file", data=b"hers\n", mode=0o666, owner=(1001, 1001), time="1500000000.25")
		layer.symlink("home/alice/link", "file", owner=(1001, 1001))
		layer.hardlink("home/alice/twin", "home/alice/file")
		layer.add("su", data=b"#!\n", mode=0o4755, time="-1.5")
	END
	rlc-tar -xf in.tar -C tree
}

names() { rlc-tar -tf "$@" | sort | tr '\n' ' ' | sed 's/ $//'; }

# python ARCHIVE EXPRESSION: of m, a dictionary of members by name
python() {
	/usr/bin/python3 - "$1" "$2" <<-'END'
		import sys, tarfile
		with tarfile.open(sys.argv[1], errors="surrogateescape") as t:
		    m = {i.name.removeprefix("./"): i for i in t}
		print(eval(sys.argv[2]))
	END
}

@test "every option in --help is in these tests" {
	local option
	rlc-tar --help | grep -oE -- '--[a-z-]+' | sort -u >options
	[ "$(wc -l <options)" -gt 25 ]
	while read -r option; do
		grep -qE -- "(^|[^a-z-])$option([^a-z-]|$)" "$BATS_TEST_DIRNAME"/tar_*.bats ||
			{ echo "no test of $option"; false; }
	done <options
}

@test "-t, --list: names in the archive's order" {
	runs 0 rlc-tar -tf in.tar
	is "$(tar -tf in.tar)"
	runs 0 rlc-tar --list --file=in.tar
	is "$(tar -tf in.tar)"
}

@test "-tv: the long lines of GNU tar" {
	runs 0 rlc-tar -tvf in.tar
	is "$(tar -tvf in.tar)"
}

@test "-x, --extract: everything, or the named entries" {
	for option in -x --extract --get; do
		rm -rf new
		runs 0 rlc-tar $option -f in.tar -C new etc/shadow home
		is ''
		equal "$(cd new; find . | sort | tr '\n' ' ')" \
			'. ./etc ./etc/shadow ./home ./home/alice ./home/alice/file ./home/alice/link ./home/alice/twin '
	done
	runs 1 rlc-tar -xf in.tar -C new etc/shadow missing
	has missing
	lacks shadow
}

@test "-c, --create: the named paths" {
	runs 0 rlc-tar --create -f out.tar -C tree etc su
	equal "$(names out.tar)" 'etc/ etc/group etc/passwd etc/shadow su'
	runs 1 rlc-tar -cf out.tar -C tree etc missing
	has 'missing: No such file or directory'
	equal "$(names out.tar)" 'etc/ etc/group etc/passwd etc/shadow'
}

@test "-d, --diff, --compare: each kind of difference" {
	for option in -d --diff --compare; do
		runs 0 rlc-tar $option -f in.tar -C tree
		is ''
	done
	printf HERS >tree/home/alice/file
	printf '#?\n' >tree/su
	touch -d @-1.5 tree/su
	chmod 600 tree/etc/group
	touch tree/etc/passwd
	rlc-chown 5:42 tree/etc/shadow
	rm tree/home/alice/link
	runs 1 rlc-tar -df in.tar -C tree
	has 'home/alice/file: Size differs' 'su: Contents differ' 'etc/group: Mode differs' \
		'etc/passwd: Mod time differs' 'etc/shadow: Uid differs' 'home/alice/link: No such file'
	lacks 'shadow: Gid'
}

@test "-f, --file: standard input and output without it, or for -" {
	rlc-tar -c -C tree . >one.tar
	rlc-tar -cf - -C tree . >two.tar
	rlc-tar -cf three.tar -C tree .
	cmp one.tar two.tar
	cmp one.tar three.tar
	equal "$(rlc-tar -t <one.tar)" "$(rlc-tar -tf three.tar)"
	equal "$(cat one.tar | rlc-tar -tf -)" "$(rlc-tar -tf three.tar)"
	runs 1 rlc-tar -tf missing.tar
	has 'missing.tar' 'No such file or directory'
}

@test "old style: letters without a dash" {
	runs 0 rlc-tar tf in.tar
	is "$(tar -tf in.tar)"
	runs 0 rlc-tar cfC out.tar tree su
	equal "$(names out.tar)" su
}

@test "-d does not read holes" {
	truncate -s 1T sparse
	printf end | dd of=sparse bs=1 seek=1000000000000 conv=notrunc status=none
	rlc-tar -cf sparse.tar sparse
	runs 0 timeout 60 rlc-tar -df sparse.tar
	is ''
	printf x | dd of=sparse bs=1 seek=500000000000 conv=notrunc status=none
	runs 1 timeout 60 rlc-tar -df sparse.tar
	has 'sparse: Contents differ'
}

@test "-C, --directory: where the names are, one after the other" {
	runs 0 rlc-tar -cf out.tar -C tree/etc shadow --directory=../home alice
	equal "$(names out.tar)" 'alice/ alice/file alice/link alice/twin shadow'
	runs 1 rlc-tar -cf out.tar -C missing .
	runs 0 rlc-tar -xf in.tar -C new
	equal "$(stat -c %a new)" 700
	runs 1 rlc-tar -xf in.tar -C missing/new
	[ ! -e missing ]
}

@test "-v, --verbose: names, and long lines when given twice" {
	runs 0 rlc-tar -xvf in.tar -C new
	is "$(tar -tf in.tar)"
	runs 0 rlc-tar -x --verbose -v -f in.tar -C new
	is "$(tar -tvf in.tar)"
	rlc-tar -cvf - -C tree etc >out.tar 2>said
	equal "$(cat said)" "$(printf 'etc/\netc/group\netc/passwd\netc/shadow')"
}

@test "-z, --gzip" {
	runs 0 rlc-tar -czf out.tar.gz -C tree .
	runs 0 rlc-tar -c --gzip -f out2.tar.gz -C tree .
	cmp out.tar.gz out2.tar.gz
	rlc-tar -cf out.tar -C tree .
	gzip -dc out.tar.gz | cmp - out.tar
	equal "$(head -c 2 out.tar.gz | od -An -tx1)" ' 1f 8b'
	# no time and no name in the header
	equal "$(head -c 8 out.tar.gz | tail -c 5 | od -An -tx1)" ' 00 00 00 00 00'
}

@test "--zstd" {
	runs 0 rlc-tar -c --zstd -f out.tar.zst -C tree .
	rlc-tar -cf out.tar -C tree .
	zstd -dqc out.tar.zst | cmp - out.tar
	runs 2 rlc-tar -cz --zstd -f out.tar.gz -C tree .
}

@test "-a, --auto-compress: by the name" {
	rlc-tar -cf out.tar -C tree .
	for name in a.tar.gz a.tgz; do
		runs 0 rlc-tar -caf $name -C tree .
		gzip -dc $name | cmp - out.tar
	done
	for name in a.tar.zst a.tzst; do
		runs 0 rlc-tar -c --auto-compress -f $name -C tree .
		zstd -dqc $name | cmp - out.tar
	done
	runs 0 rlc-tar -caf a.tar -C tree .
	cmp a.tar out.tar
	rlc-tar -cf a.tar.gz -C tree .
	cmp a.tar.gz out.tar
}

@test "--level" {
	seq 200000 >tree/numbers
	for how in -z --zstd; do
		rlc-tar -c $how --level=1 -f quick -C tree .
		rlc-tar -c $how --level=9 -f small -C tree .
		[ "$(stat -c %s quick)" -gt "$(stat -c %s small)" ]
		equal "$(names quick)" "$(names small)"
	done
	runs 2 rlc-tar -cz --level=0 -f quick -C tree .
	run rlc-tar -cz --level=13 -f quick -C tree .
	[ "$status" -ne 0 ]
}

@test "several gzip members and zstd frames, and what stands between them" {
	seq 100000 >tree/numbers
	rlc-tar -cf out.tar -C tree .
	rlc-tar -tf out.tar >want
	{ head -c 5000 out.tar | gzip; printf '' | gzip; tail -c +5001 out.tar | gzip -9; } >members.gz
	{ head -c 5000 out.tar | zstd -q; printf '\x52\x2a\x4d\x18\x04\0\0\0skip'
		tail -c +5001 out.tar | zstd -q --long=27; } >frames.zst
	{ cat members.gz; head -c 1000 /dev/zero; } >zeros.gz
	for name in members.gz frames.zst zeros.gz; do
		runs 0 rlc-tar -tf $name
		is "$(cat want)"
	done
	# a frame that wants more memory than is promised
	head -c 300000000 /dev/zero | zstd -q --ultra --long=31 >greedy.zst
	runs 1 rlc-tar -tf greedy.zst
}

@test "-T, --files-from and --null: names from a file" {
	printf 'etc/shadow\nsu\n' >list
	runs 0 rlc-tar -cf out.tar -C tree -T list
	equal "$(names out.tar)" 'etc/shadow su'
	printf 'etc/shadow\0su\0' >nul
	runs 0 rlc-tar -cf out.tar -C tree --null --files-from=nul
	equal "$(names out.tar)" 'etc/shadow su'
	runs 0 rlc-tar -xf in.tar -C new -T list
	equal "$(cd new; find . -type f | sort | tr '\n' ' ')" './etc/shadow ./su '
	printf 'su\n' | rlc-tar -cf out.tar -C tree -T -
	equal "$(names out.tar)" su
	runs 1 rlc-tar -cf out.tar -C tree -T missing
}

@test "--exclude, and -X, --exclude-from: patterns" {
	runs 0 rlc-tar -cf out.tar -C tree --exclude='*/shadow' --exclude=home/alice etc home su
	equal "$(names out.tar)" 'etc/ etc/group etc/passwd home/ su'
	printf 'etc/*\nsu\n' >patterns
	for option in '-X patterns' --exclude-from=patterns; do
		runs 0 rlc-tar -tf in.tar $option
		is "$(printf 'etc/\nhome/\nhome/alice/\nhome/alice/file\nhome/alice/link\nhome/alice/twin')"
	done
	runs 0 rlc-tar -xf in.tar -C new --exclude=alice
	equal "$(cd new; find . -name 'alice*')" ''
	[ -e new/etc/shadow ]
}

@test "--strip-components" {
	runs 0 rlc-tar -xf in.tar -C new --strip-components=1
	equal "$(cd new; find . | sort | tr '\n' ' ')" \
		'. ./alice ./alice/file ./alice/link ./alice/twin ./group ./passwd ./shadow '
	[ new/alice/file -ef new/alice/twin ]
	runs 2 rlc-tar -xf in.tar -C new --strip-components=x
}

@test "--no-recursion" {
	runs 0 rlc-tar -cf out.tar -C tree --no-recursion etc home/alice/file
	equal "$(names out.tar)" 'etc/ home/alice/file'
}

@test "--format: pax, ustar, gnutar" {
	rlc-tar -cf pax.tar -C tree .
	rlc-tar -cf pax2.tar --format=pax -C tree .
	cmp pax.tar pax2.tar
	equal "$(python pax.tar 'm["home/alice/file"].pax_headers.get("mtime")')" 1500000000.25
	runs 0 rlc-tar -cf ustar.tar --format=ustar -C tree etc
	equal "$(tail -c +258 ustar.tar | head -c 8 | tr '\0' 0)" ustar000
	runs 0 rlc-tar -cf gnu.tar --format=gnutar -C tree .
	equal "$(tail -c +258 gnu.tar | head -c 8 | tr '\0' 0)" 'ustar  0'
	equal "$(gen list gnu.tar mtime)" "$(gen list pax.tar mtime)"
	runs 2 rlc-tar -cf out.tar --format=zip -C tree .
}

@test "--format=ustar: what it cannot hold is named, the rest is there" {
	layer >big.tar <<-'END'
		layer.add("a")
		layer.add("big", owner=(3000000, 5))
		layer.add("n" * 200)
		layer.add("z")
	END
	rlc-tar -xf big.tar -C new
	runs 1 rlc-tar -cf out.tar --format=ustar -C new .
	has 'big: ' nnnnnn
	equal "$(names out.tar)" './ ./a ./z'
}

@test "--digest: of the blob and of its content" {
	runs 0 rlc-tar -cz --digest -f out.tar.gz -C tree .
	blob=$(sha256sum <out.tar.gz | cut -d ' ' -f 1)
	content=$(gzip -dc out.tar.gz | sha256sum | cut -d ' ' -f 1)
	is "$(printf 'blob sha256:%s\ncontent sha256:%s' "$blob" "$content")"
	runs 0 rlc-tar -x --digest -f out.tar.gz -C new
	is "$(printf 'blob sha256:%s\ncontent sha256:%s' "$blob" "$content")"
	runs 0 rlc-tar -t --digest -f out.tar.gz
	has "blob sha256:$blob" "content sha256:$content"
	# to the last byte, also of what follows the archive's end
	{ gzip -dc out.tar.gz; head -c 100000 /dev/zero; } | gzip >longer.gz
	runs 0 rlc-tar -x --digest -f longer.gz -C new
	has "blob sha256:$(sha256sum <longer.gz | cut -d ' ' -f 1)" \
		"content sha256:$(gzip -dc longer.gz | sha256sum | cut -d ' ' -f 1)"
}

@test "--numeric-owner: names of the tree's own users, or none" {
	rlc-tar -cf out.tar -C tree .
	equal "$(python out.tar 'm["home/alice/file"].uname, m["etc/shadow"].gname, m["su"].uname')" \
		"('alice', 'shadow', 'root')"
	runs 0 rlc-tar -c --numeric-owner -f out.tar -C tree .
	equal "$(python out.tar '{i.uname + i.gname for i in m.values()}, m["su"].uid')" "({''}, 0)"
	rlc-tar -cf out.tar -C tree etc/shadow
	equal "$(rlc-tar -tvf out.tar | cut -d ' ' -f 2)" root/shadow
	equal "$(rlc-tar -tv --numeric-owner -f out.tar | cut -d ' ' -f 2)" 0/42
}

@test "--owner and --group" {
	runs 0 rlc-tar -c --owner=5 --group=7 -f out.tar -C tree .
	equal "$(python out.tar '{(i.uid, i.gid) for i in m.values()}')" '{(5, 7)}'
	runs 0 rlc-tar -c --owner=bob:12 --group=staff:50 -f out.tar -C tree su
	equal "$(python out.tar '[(i.uid, i.uname, i.gid, i.gname) for i in m.values()]')" \
		"[(12, 'bob', 50, 'staff')]"
	runs 2 rlc-tar -c --owner=4294967295 -f out.tar -C tree su
}

@test "--owner and --group: names are the tree's own" {
	mkdir -p named/etc
	echo 'zoe:x:77:78::/:' >named/etc/passwd
	echo 'zoo:x:79:' >named/etc/group
	runs 0 rlc-tar -c --owner=zoe --group=zoo -f out.tar -C named .
	equal "$(python out.tar '{(i.uid, i.uname, i.gid, i.gname) for i in m.values()}')" \
		"{(77, 'zoe', 79, 'zoo')}"
	runs 0 rlc-tar -c --owner=root --group=root -f out.tar -C tree su
	equal "$(python out.tar '{(i.uid, i.uname, i.gid, i.gname) for i in m.values()}')" \
		"{(0, 'root', 0, 'root')}"
	runs 1 rlc-tar -c --owner=nobody-here -f out.tar -C tree su
	has "no such user in the tree's etc/passwd"
	runs 2 rlc-tar -c --owner=zoe:zoo -f out.tar -C tree su
}

@test "--mtime and --clamp-mtime" {
	runs 0 rlc-tar -c --mtime=@1234567890 -f out.tar -C tree .
	equal "$(python out.tar '{i.mtime for i in m.values()}')" '{1234567890}'
	runs 0 rlc-tar -c '--mtime=2009-02-13 23:31:30' -f out.tar -C tree .
	equal "$(python out.tar '{i.mtime for i in m.values()}')" '{1234567890}'
	runs 0 rlc-tar -c --mtime=@1500000000 --clamp-mtime -f out.tar -C tree home su
	equal "$(python out.tar '[m[n].mtime for n in ("home", "home/alice", "home/alice/file", "su")]')" \
		'[1500000000, 1000000000, 1500000000, -1.5]'
	runs 2 rlc-tar -c --mtime=yesterday -f out.tar -C tree .
}

@test "SOURCE_DATE_EPOCH clamps" {
	SOURCE_DATE_EPOCH=1500000000 rlc-tar -cf out.tar -C tree home su
	equal "$(python out.tar '[m[n].mtime for n in ("home", "home/alice", "home/alice/file", "su")]')" \
		'[1500000000, 1000000000, 1500000000, -1.5]'
	SOURCE_DATE_EPOCH=x runs 2 rlc-tar -cf out.tar -C tree home
}

@test "--sort=name: always" {
	mkdir -p tree/s
	for name in b a Z é .x 10 9; do touch "tree/s/$name"; done
	rlc-tar -cf out.tar -C tree s
	equal "$(python out.tar 'list(m)')" "['s', 's/.x', 's/10', 's/9', 's/Z', 's/a', 's/b', 's/é']"
	rlc-tar -c --sort=name -f sorted.tar -C tree s
	cmp out.tar sorted.tar
	runs 2 rlc-tar -c --sort=inode -f out.tar -C tree s
}

@test "-p, --same-permissions, --preserve-permissions and --no-same-permissions" {
	umask 027
	for option in '' -p --same-permissions --preserve-permissions '--no-same-permissions -p'; do
		rm -rf new
		runs 0 rlc-tar -x $option -f in.tar -C new
		equal "$(stat -c %a new/home/alice new/home/alice/file new/su)" $'2770\n666\n4755'
	done
	rm -rf new
	runs 0 rlc-tar -x --no-same-permissions -f in.tar -C new
	equal "$(stat -c %a new/home/alice/file)" 640
	umask 022
}

@test "-k, --keep-old-files: what stands is an error and stays" {
	for option in -k --keep-old-files; do
		echo mine >tree/su
		rm -f tree/etc/shadow
		runs 1 rlc-tar -x $option -f in.tar -C tree
		has 'su: ' 'File exists'
		lacks 'shadow: '
		equal "$(cat tree/su)" mine
		[ -e tree/etc/shadow ]
	done
	runs 0 rlc-tar -xf in.tar -C tree
	equal "$(cat tree/su)" '#!'
}

@test "--keep-newer-files" {
	echo mine >tree/su
	echo old >tree/etc/shadow
	touch -d @900000000 tree/etc/shadow
	runs 0 rlc-tar -x --keep-newer-files -f in.tar -C tree
	equal "$(cat tree/su tree/etc/shadow)" $'mine\nalice:*:'
}

@test "--json: an object a line" {
	rlc-tar -t --json -f in.tar >lines
	/usr/bin/python3 - <<-'END'
		import json
		got = {e["path"]: e for e in map(json.loads, open("lines"))}
		assert list(got)[0] == "etc/" and len(got) == 10, got
		assert got["etc/shadow"] == {"path": "etc/shadow", "type": "file", "mode": "0640", "uid": 0,
		    "gid": 42, "size": 9, "mtime": 1000000000}, got["etc/shadow"]
		assert got["home/alice/link"]["type"] == "symlink"
		assert got["home/alice/link"]["target"] == "file"
		assert got["home/alice/twin"]["type"] == "hardlink"
		assert got["home/alice/twin"]["link"] == "home/alice/file"
		assert got["su"]["mtime"] == -1.5 and got["su"]["mode"] == "4755"
	END
	rlc-tar -cv --json -f out.tar -C tree su >line
	equal "$(grep -c '^{"path":"su"' line)" 1
	layer <<<'layer.add(b"\xff\"\\\n\x80")' >odd.tar
	runs 0 rlc-tar -t --json -f odd.tar
	equal "$(/usr/bin/python3 -c 'import json, sys; print(ascii(json.loads(sys.argv[1])["path"]))' \
		"$output")" "'\\udcff\"\\\\\\n\\udc80'"
}

@test "--base-owner: what one's own ids are inside" {
	records || return 0
	layer >mine.tar <<<'layer.add("a", owner=(1000, 100)); layer.add("b", owner=(0, 0))'
	rlc-tar -x --base-owner=1000:100 -f mine.tar -C new
	equal "$(record new/a)" ''
	equal "$(record new/b)" 08001000
	rlc-tar -c --base-owner=1000:100 -f out.tar -C new a b
	equal "$(python out.tar '[(i.uid, i.gid) for i in m.values()]')" '[(1000, 100), (0, 0)]'
	rlc-tar -c -f out.tar -C new a b
	equal "$(python out.tar '[(i.uid, i.gid) for i in m.values()]')" '[(0, 0), (0, 0)]'
}

@test "--records: root keeps records too, and else does not look at them" {
	[ "$ENVIRONMENT" = root ] || return 0
	equal "$(stat -c %u:%g tree/etc/shadow)" 0:42
	rlc-tar -x --records -f in.tar -C new
	equal "$(stat -c %u:%g new/etc/shadow)" 0:0
	equal "$(record new/etc/shadow)" 0800102a
	rlc-tar -c --records -f out.tar -C new etc/shadow
	equal "$(python out.tar 'm["etc/shadow"].gid')" 42
	rlc-tar -c -f out.tar -C new etc/shadow
	equal "$(python out.tar 'm["etc/shadow"].gid')" 0
}

@test "--sidecar: a file keeps what an attribute cannot hold" {
	records || return 0
	layer >many.tar <<-'END'
		for i in range(1000):
		    layer.symlink("d/a-link-with-a-longish-name-%d" % i, "x", owner=(i, 1000 + i))
	END
	# so many fit no directory's attribute on ext4: without the option one clear message
	runs 1 rlc-tar -xf many.tar -C without
	has --sidecar
	[ "${#lines[@]}" -le 3 ]
	runs 0 rlc-tar -x --sidecar=side -f many.tar -C new
	is ''
	[ -s side ]
	runs 0 rlc-tar -c --sidecar=side -f out.tar -C new d
	gen list many.tar >want
	gen list out.tar | grep -v '^{"name": "d"' >got
	same want got
}

@test "the same tree in another place, made in another order, is the same bytes" {
	mkdir other
	for path in su home/alice/link etc/shadow; do
		rlc-tar -xf in.tar -C other $path
	done
	rlc-tar -xf in.tar -C other
	for how in '' -z --zstd '--format=newc'; do
		rlc-tar -c $how -f one -C tree etc home su
		rlc-tar -c $how -f two -C other etc home su
		cmp one two
	done
}

@test "one thread or many, the same bytes" {
	seq 600000 >tree/numbers
	for how in -z --zstd; do
		rlc-tar -c $how -f many -C tree .
		taskset -c 0 "$BATS_RUN_TMPDIR/bin/rlc-tar" -c $how -f one -C tree .
		cmp many one
	done
}

@test "wrong usage is 2 and says where to look" {
	runs 2 rlc-tar
	has '--help'
	runs 2 rlc-tar -cx -f out.tar
	runs 2 rlc-tar -t --no-such-option
	runs 2 rlc-tar -xf
	runs 2 rlc-tar -c --whiteouts=never -f out.tar -C tree .
}

@test "--help and --version" {
	runs 0 rlc-tar --help
	has 'Usage: rlc-tar'
	runs 0 rlc-tar --version
	has 'rlc'
}
