# SPDX-License-Identifier: Apache-2.0
# Layouts, archives and bundles from an enemy: nothing leaves its place, nothing runs for ever, and
# what is refused leaves no trace.
load lib

# soon COMMAND...: it ends by itself
soon() { runs "$1" timeout 20 "${@:2}"; }

# good LAYOUT
good() {
	runs 0 rlc-image validate --layout "$1"
	is ""
}

@test "indexes that name one another many times are gone through once" {
	layout 'd = e = layout.image()' 'for k in range(14): e = layout.nest([dict(e, platform={"os": "linux", "architecture": "a%d" % j}) for j in range(4)])' \
		'amd = dict(d, platform={"os": "linux", "architecture": "amd64"})' \
		'layout.tag(layout.nest([e, layout.nest([amd])]))' \
		'layout.tag(layout.nest([layout.nest([e]), layout.nest([dict(layout.image(config={"author": "b", "architecture": "arm"}), platform={"os": "linux", "architecture": "arm"})])]), "arm")'
	soon 0 rlc-image copy --all l copy
	good copy
	soon 0 rlc-image copy --all l oci-archive:a.tar
	soon 0 rlc-image config --image l:arm --platform linux/arm --author x
	soon 1 rlc-image index remove --image l --platform linux/none
	soon 0 rlc-image index remove --image l --platform linux/a1
	soon 0 rlc-image validate --layout l
	soon 0 rlc-image gc --layout l
	good l
}

@test "an archive without one of its layers is no image" {
	layout 'layout.tag(layout.image([layout.layer(), layout.layer({"a": b"b"})]))'
	rlc-image copy l oci-archive:whole.tar
	mkdir x
	tar -C x -xf whole.tar
	layer=$(jq -r '.layers[1].digest' "x/blobs/sha256/$(jq -r '.manifests[0].digest' x/index.json |
		cut -d: -f2)")
	rm "x/blobs/sha256/${layer#sha256:}"
	tar -C x -cf part.tar oci-layout index.json blobs
	rlc-image init --layout k
	for to in k k:all oci-archive:new.tar docker-archive:new.tar; do
		all=
		[ $to != k:all ] || all=--all
		runs 1 rlc-image copy $all oci-archive:part.tar $to
		has "${layer#sha256:}"
		[ ! -e new.tar ]
	done
	runs 0 rlc-image ls --layout k
	is ""
	# what the layout has already need not come again
	rlc-image copy l k:whole
	runs 0 rlc-image copy oci-archive:part.tar k:part
	good k
}

@test "garbage is no layer" {
	head -c 3000 /dev/urandom >garbage
	rlc-image init --layout l
	rlc-image new --image l:a
	for file in garbage /dev/null; do
		runs 1 rlc-image copy tar:$file l:b
		has "$file: is no archive"
		runs 1 rlc-image raw add-layer --image l:a $file
		has "$file"
	done
	runs 0 rlc-image ls --layout l
	is a
}

@test "a failed unpack takes away nothing but its own" {
	layout 'd, i = layout.layer()' 'layout.tag(layout.image([(d, "sha256:" + "0" * 64)]))'
	mkdir -p b/work
	(cd b/work && echo precious >file)
	runs 1 rlc-image unpack --image l b
	equal "$(find b -mindepth 1 -printf '%f\n')" "$(printf '%s\n' work file)"
	runs 1 rlc-image unpack --overlay --image l b
	has "b/work: File exists"
	equal "$(cd b/work && cat file)" precious
	# nor what another one is at
	exec 9<b
	flock -n 9
	runs 1 rlc-image unpack --image l b
	has "b: something else is being unpacked there"
	exec 9<&-
	runs 1 rlc-image unpack --image l b
	lacks "something else"
}

@test "a history with one long line does not make all lines long" {
	layout 'layout.tag(layout.image(config={"history": [{"created_by": "x" * 2000000}] + [{"empty_layer": True} for _ in range(4000)]}))' \
		'layout.tag(layout.image(config={"history": [{} for _ in range(5000)]}), "long")'
	for verb in history stat; do
		runs 0 timeout 20 rss 98304 "$RLC" image $verb --image l
		[ ${#output} -lt 50000000 ]
		runs 1 rlc-image $verb --image l:long
		has "its history may not have over 4096 entries"
	done
}

@test "the largest documents fit into the memory that is allowed" {
	layout 'many = [{} for _ in range(65000)]' \
		'e = layout.nest([layout.image(config={"x": many}, manifest={"x": many})])' \
		'layout.tag(e)' 'layout.index["x"] = many'
	for verb in "stat --image l" "config --image l --author x" "copy l oci-archive:a.tar" \
		"validate --layout l" "gc --layout l" "unpack --image l b"; do
		runs 0 timeout 20 rss 98304 "$RLC" image $verb
	done
}

@test "more layers than any image has" {
	layout 'layout.tag(layout.image([layout.layer()] * 1025))'
	runs 1 rlc-image unpack --image l b
	has "no image may have over 1024 layers"
	runs 1 rlc-image validate --layout l
	has "layers: are over 1024"
}

# list SIZE FIRST COUNT: an archive with an etc/passwd of so many lines of that size
list() {
	layer <<-END
		lines = [b"%x:" % n for n in range($2, $2 + $3)]
		layer.add("etc/passwd", data=b"".join(l + b"x" * ($1 - len(l) - 1) + b"\n" for l in lines))
	END
}

@test "apply: lists of any size, in the memory that is allowed" {
	rlc-image init --layout l
	rlc-image new --image l:base
	list 20 0 1 >base.tar
	rlc-image raw add-layer --image l:base base.tar
	apply() { # STATUS SIZE COUNT
		list $2 1 $3 >a.tar
		list $2 $(($3 + 1)) $3 >b.tar
		rlc-image raw add-layer --image l:base --tag a a.tar
		rlc-image raw add-layer --image l:base --tag b b.tar
		runs $1 rss 98304 "$RLC" image apply --image l:a --tag both b
	}
	apply 0 300 30000
	apply 1 8 1500000
	has "it is no list that can be merged"
	apply 1 300 50000
	has "is too large to be merged"
}

@test "apply and diff: more files than memory is there for" {
	many() {
		layer <<-END
			for i in range(100000): layer.add("$1/%d" % i)
		END
	}
	rlc-image init --layout l
	rlc-image new --image l:a
	many a >a.tar
	many b >b.tar
	rlc-image raw add-layer --image l:a --tag x a.tar
	rlc-image raw add-layer --image l:a --tag y b.tar
	runs 1 rss 98304 "$RLC" image apply --image l:x --tag both y
	has "too many files differ"
	runs 1 rss 98304 "$RLC" image diff l:x l:y
	equal "$(wc -l <<<"$output")" 200002
}

@test "a tree as deep as can be does not need more stack than there is" {
	layer <<-'END' >deep.tar
		p = "/".join(["d"] * 2040)
		layer.add(p + "/f")
		layer.symlink("l", p)
		layer.add("l/" + "/".join(["e"] * 2030) + "/f")
	END
	layer </dev/null >none.tar
	ulimit -s 3072
	run "$RLC" image diff tar:deep.tar tar:none.tar
	[ "$status" -le 2 ]
	[[ $output == *"cannot go into its directory"* ]]
}

@test "symlinks that make long ways are gone quickly" {
	layer <<-'END' >ways.tar
		layer.directory("d")
		for i in range(39): layer.symlink("l%d" % i, "/l%d/" % (i + 1) + "./" * 2040)
		layer.symlink("l39", "d")
		for i in range(40): layer.add("l0/%d" % i)
	END
	rlc-image init --layout l
	rlc-image new --image l:a
	rlc-image raw add-layer --image l:a ways.tar
	soon 0 rlc-image flatten --image l:a out.tar
	equal "$(rlc-tar -tf out.tar | grep -c '^d/[0-9]')" 40
}

@test "a layout that cannot be written is read by all that only read" {
	layout 'layout.tag(layout.image([layout.layer(), layout.layer({"a": b"b"})]))'
	mkdir ro
	# root can write where nobody may
	if [ "$(id -u)" = 0 ]; then
		only() { unshare -m sh -ec 'mount --bind l ro; mount -o remount,bind,ro ro; exec "$@"' sh "$@"; }
	else
		cp -r l/. ro
		chmod -R a-w ro
		only() { "$@"; }
	fi
	for verb in "ls --layout ro" "stat --image ro" "stat --json --image ro" "history --image ro" \
		"validate --layout ro" "unpack --image ro b" "raw unpack --image ro r" \
		"raw config --image ro c" "flatten --image ro f.tar" "diff ro ro" "copy ro k" \
		"copy ro oci-archive:o.tar" "copy ro docker-archive:d.tar:x" "copy ro tree:t" \
		"index list --image ro"; do
		runs 0 only "$RLC" image $verb
	done
	runs 1 only "$RLC" image rm --image ro
	good l
}

@test "a bundle whose manifest is empty or no file is not taken for one where all is new" {
	layout 'layout.tag(layout.image())'
	rlc-image unpack --image l b
	manifest=$(echo b/*.mtree)
	cp "$manifest" good
	for how in "truncate -s 0" mkfifo "ln -s $PWD/good" "truncate -s 2G"; do
		rm "$manifest"
		$how "$manifest"
		soon 1 rlc-image repack --image l:new b
	done
	runs 0 rlc-image ls --layout l
	is latest
}
