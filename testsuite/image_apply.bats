# SPDX-License-Identifier: Apache-2.0
# rlc-image apply: other images' layers over an image, conflicts found, lists merged.
# environments: user root
load lib

# on BASE TAG: an image that has a layer, from Python on standard input, over BASE's
on() {
	layer >"$2.tar"
	if [ "$1" = - ]; then
		rlc-image new --image "images:$2"
	else
		rlc-image tag --image "images:$1" "$2"
	fi
	rlc-image raw add-layer --image "images:$2" "$2.tar"
}

setup() {
	rlc_setup
	rlc-image init --layout images
	on - base <<-'END'
		layer.directory("etc")
		layer.add("etc/passwd", data=b"root:x:0:0::/root:/bin/sh\n")
		layer.add("etc/conf", data=b"base")
		layer.directory("var/lib/dpkg")
		layer.add("var/lib/dpkg/status", data=b"Package: libc\nVersion: 1\n\n")
		layer.directory("dir")
		layer.add("dir/old", data=b"1")
	END
	on base ssl <<-'END'
		layer.directory("usr")
		layer.add("usr/ssl", data=b"ssl", owner=(1, 2))
		layer.add("etc/passwd", data=b"root:x:0:0::/root:/bin/sh\nssl:x:101:101::/:/bin/false\n")
		layer.add("var/lib/dpkg/status", mode=0o640, data=b"Package: libc\nVersion: 1\n\nPackage: ssl\nVersion: 3\n\n")
		layer.add("etc/ld.so.cache", data=b"ssl")
		layer.add("var/log/dpkg.log", data=b"ssl")
	END
	on base python <<-'END'
		layer.directory("usr")
		layer.add("usr/python", data=b"python", owner=(3, 4))
		layer.add("etc/passwd", data=b"root:x:0:0::/root:/bin/bash\npy:x:102:102::/:/bin/false\n")
		layer.add("var/lib/dpkg/status", mode=0o640, data=b"Package: libc\nVersion: 2\n\nPackage: python\nVersion: 3\n\n")
		layer.add("etc/ld.so.cache", data=b"python")
		layer.add("var/log/dpkg.log", data=b"python")
	END
}

content() { rlc-image flatten --image "images:$1" - | tar -xOf - "$2"; }
digests() { of_image "images:$1" '.manifest.blob.layers[].digest'; }

@test "layers are included as they are, lists merged on top" {
	runs 0 rlc-image apply --image images:ssl --tag both python
	is "rlc-image apply: etc/ld.so.cache: both changed it: run ldconfig in the image"
	equal "$(digests both | head -n 3)" "$(digests ssl; digests python | tail -n 1)"
	equal "$(digests both | wc -l)" 4
	equal "$(content both etc/passwd)" "root:x:0:0::/root:/bin/bash
ssl:x:101:101::/:/bin/false
py:x:102:102::/:/bin/false"
	equal "$(content both var/lib/dpkg/status)" "Package: libc
Version: 2

Package: ssl
Version: 3

Package: python
Version: 3"
	equal "$(content both usr/ssl)$(content both usr/python)" sslpython
	rlc-image flatten --image images:both - | rlc-tar -tvf - >list
	grep -q '^-rw-r----- 0/0 .* var/lib/dpkg/status$' list
	grep -q '^-rw-r--r-- 1/2 .* usr/ssl$' list
	runs 0 rlc-image validate --layout images
	equal "$(rlc-image history --json --image images:both | jq -s '[.[] | select(.layer)] | length')" 4
}

@test "several at once, and once more changes nothing" {
	on base third <<<'layer.add("third", data=b"3")'
	runs 0 rlc-image apply --image images:third --tag all ssl python
	equal "$(content all third)$(content all usr/ssl)$(content all usr/python)" 3sslpython
	rlc-image apply --image images:base --tag same base
	equal "$(digests same)" "$(digests base)"
}

@test "conflicts are all named, and nothing is done; --force lets the other one win" {
	on base one <<<'layer.add("etc/conf", data=b"1"); layer.add("a", data=b"1"); layer.add("alike", data=b"=")'
	on base two <<<'layer.add("etc/conf", data=b"2"); layer.add("a", data=b"2"); layer.add("alike", data=b"=")'
	runs 1 rlc-image apply --image images:one --tag both two
	is "$(printf '%s\n' 'rlc-image apply: a: both changed it' 'rlc-image apply: etc/conf: both changed it')"
	runs 0 rlc-image list --layout images
	lacks both
	runs 0 rlc-image apply --force --image images:one --tag both two
	equal "$(content both etc/conf)$(content both a)" 22
}

@test "what would get lost is named" {
	on base one <<<'layer.add("dir/new", data=b"1")'
	on base two <<<'layer.add(".wh.dir")'
	runs 1 rlc-image apply --image images:one two
	has "dir/new: what was changed in it would be undone"
}

@test "logs and caches that both wrote are no conflict: the other image's stay" {
	on base one <<<'layer.add("var/log/pacman.log", data=b"1"); layer.add("var/cache/x", data=b"1"); layer.add("var/logs", data=b"=")'
	on base two <<<'layer.add("var/log/pacman.log", data=b"2"); layer.add("var/cache/x", data=b"2"); layer.add("var/logs", data=b"=")'
	runs 0 rlc-image apply --image images:one --tag both two
	is ''
	equal "$(content both var/log/pacman.log)$(content both var/cache/x)" 22
	on base three <<<'layer.add("var/logs", data=b"3")'
	runs 1 rlc-image apply --image images:one --tag both three
	is 'rlc-image apply: var/logs: both changed it'
}

@test "pacman's database is refused where both changed one file of it, with --force too" {
	on base one <<<'layer.add("var/lib/pacman/local/a-1/files", data=b"1"); layer.add("var/lib/pacman/local/b-1/files", data=b"=")'
	on base two <<<'layer.add("var/lib/pacman/local/a-1/files", data=b"2"); layer.add("var/lib/pacman/local/b-1/files", data=b"=")'
	for force in '' --force; do
		runs 1 rlc-image apply $force --image images:one --tag both two
		is 'rlc-image apply: var/lib/pacman/local/a-1/files: both changed this database, which cannot be merged'
	done
	runs 0 rlc-image list --layout images
	lacks both
}

@test "what differs in when or for whom a package was installed stops nothing" {
	on base one <<<'layer.add("var/lib/pacman/local/a-1/desc", data=b"1"); layer.add("var/lib/pacman/sync/core.db", data=b"1"); layer.add("var/lib/dnf/history.sqlite", data=b"1")'
	on base two <<<'layer.add("var/lib/pacman/local/a-1/desc", data=b"2"); layer.add("var/lib/pacman/sync/core.db", data=b"2"); layer.add("var/lib/dnf/history.sqlite", data=b"2")'
	runs 0 rlc-image apply --image images:one --tag both two
	is 'rlc-image apply: var/lib/dnf/history.sqlite: both changed it: that of the image that is applied is taken'
}

@test "databases, and lists that contradict each other, are refused, with --force too" {
	on base one <<<'layer.add("var/lib/rpm/Packages", data=b"1"); layer.add("etc/group", data=b"a:x:9:\n")'
	on base two <<<'layer.add("var/lib/rpm/Packages", data=b"2"); layer.add("etc/group", data=b"b:x:9:\n")'
	runs 1 rlc-image apply --force --image images:one --tag both two
	has "var/lib/rpm/Packages: both changed rpm's database, which only the image's own rpm can merge: rlc-build's apply has it do so"
	has "etc/group: b: both changed this entry, or gave one number to two names"
	runs 0 rlc-image list --layout images
	lacks both
	runs 1 rlc-image apply --image images:one missing
	has "missing: there is no such tag"
}
