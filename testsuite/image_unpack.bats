# SPDX-License-Identifier: Apache-2.0
# rlc-image unpack, raw unpack: the tree with its owners, and a bundle as umoci has it.
# environments: user inns root
load lib

upper() {
	layer <<-'END' >1.tar
		layer.add(".wh.gone")
		layer.add("kept/new", data=b"new", owner=(9, 9))
		layer.add("kept/.wh..wh..opq")
	END
}

manifest() { cat "$1"/sha256_*.mtree; }

@test "a bundle has rootfs, config.json, umoci.json and the manifest, and is for its owner alone" {
	lower
	image a 0.tar
	runs 0 rlc-image unpack --image oci:a deep/er/b
	is ""
	equal "$(stat -c %a deep/er/b)" 700
	equal "$(stat -c %a deep/er/b/rootfs)" 755
	digest=$(jq -r '.manifests[0].digest' oci/index.json)
	equal "$(cd deep/er/b && echo ./*)" "./config.json ./rootfs ./sha256_${digest#sha256:}.mtree ./sha256_${digest#sha256:}.stamps ./umoci.json"
	equal "$(jq -r '.umoci_version + " " + .from_descriptor_path.descriptor_walk[0].digest' deep/er/b/umoci.json)" "2 $digest"
	equal "$(jq .map_options.rootless deep/er/b/umoci.json)" "$(records && echo true || echo false)"
}

@test "owners, modes, links and devices are those of the layer" {
	lower
	image a 0.tar
	rlc-image unpack --image oci:a b
	cd b/rootfs
	equal "$(owner etc/shadow)" 0:42
	equal "$(owner etc)" 0:42
	equal "$(owner etc/none)" 7:8
	equal "$(owner link)" 33:34
	equal "$(owner fifo)" 5:6
	equal "$(owner closed)" 3:4
	equal "$(stat -c %i etc/shadow)" "$(stat -c %i etc/shadow2)"
	equal "$(stat -c %a su)" 4755
	equal "$(stat -c %Y .)" 1234567890
	equal "$(rlc-stat -c '%F %t:%T' null)" "character special file 1:3"
	equal "$(getfattr --only-values -n user.note su)" hello
}

@test "layers lie over each other: whiteouts and opaque directories" {
	lower
	upper
	image a 0.tar 1.tar
	rlc-image unpack --image oci:a b
	[ ! -e b/rootfs/gone ]
	equal "$(ls -A b/rootfs/kept)" new
	equal "$(owner b/rootfs/kept/new)" 9:9
}

@test "raw unpack makes the tree alone, also into a directory that is there" {
	lower
	upper
	image a 0.tar 1.tar
	runs 0 rlc-image raw unpack --image oci:a one
	mkdir two
	rlc-image raw unpack --image oci:a two
	rlc-image unpack --image oci:a b
	for t in one two; do rlc-tar -C "$t" -cf "$t.tar" etc kept link su; done
	rlc-tar -C b/rootfs -cf b.tar etc kept link su
	same one.tar two.tar
	same one.tar b.tar
	[ ! -e one/umoci.json ]
}

@test "--keep-dirlinks: a directory does not replace a symlink to one" {
	layer <<<'layer.directory("usr/lib"); layer.symlink("lib", "usr/lib"); layer.symlink("dead", "none"); layer.add("lib/a")' >0.tar
	layer <<<'layer.directory("lib", mode=0o700); layer.add("lib/b"); layer.directory("dead"); layer.add("dead/c")' >1.tar
	image a 0.tar 1.tar
	for how in "unpack --keep-dirlinks" "raw unpack --keep-dirlinks"; do
		rm -rf b
		# shellcheck disable=SC2086 # words
		rlc-image $how --image oci:a b
		top=b
		[ ! -d b/rootfs ] || top=b/rootfs
		[ -L $top/lib ]
		[ -f $top/usr/lib/a ]
		[ -f $top/usr/lib/b ]
		[ -f $top/dead/c ]
		equal "$(stat -c %a $top/usr/lib)" 755
	done
	rlc-image unpack --image oci:a c
	[ ! -L c/rootfs/lib ]
	[ -f c/rootfs/lib/b ]
	[ ! -e c/rootfs/usr/lib/b ]
}

@test "the manifest has all of it, and names as vis(3) writes them" {
	lower
	image a 0.tar
	rlc-image unpack --image oci:a b
	output=$(manifest b)
	has '#      keywords: size,type,uid,gid,mode,link,nlink,tar_time,sha256digest,xattr' \
		'    odd\040\052\077\133\043\\\001\303\251\040name size=3' \
		"link=etc/sha\\040dow" "/set type=file nlink=1 mode=0664 uid=" \
		"etc/sha" "none size=6 " "mode=0 " "mode=04755" "type=fifo" "tar_time=1234567890.000000000" \
		"sha256digest=$(printf secret | sha256sum | cut -d' ' -f1)" "xattr.user.note=aGVsbG8=" \
		"    in size=2"
	equal "$(manifest b | grep -c '^\.\.$')" "$(($(manifest b | grep -c 'type=dir')))"
}

@test "the manifest's sums are those of what lies on disk, whatever was there before" {
	layer <<-'END' >0.tar
		layer.add("twice", data=b"aaaa")
		layer.add("twice", data=b"bbbb")
		layer.add("later", data=b"cccc")
		layer.add("joined", data=b"dddd")
		layer.hardlink("other", "joined")
		layer.add("large", data=bytes(range(256)) * 6000)
		layer.add("zeros", data=b"x" + bytes(300000) + b"y" + bytes(300000))
		layer.add("empty")
	END
	layer <<-'END' >1.tar
		layer.add("later", data=b"CCCC")
		layer.hardlink("third", "joined")
		layer.add(".wh.twice")
		layer.add("new", data=b"eeee")
	END
	image a 0.tar 1.tar
	truncate -s 9000000 sparse
	echo end >>sparse
	tar -cSf 2.tar sparse
	rlc-image raw add-layer --image oci:a 2.tar
	rlc-image unpack --image oci:a b
	(cd b/rootfs && sha256sum -- *) | awk '{ print $2, $1 }' >wanted
	manifest b | sed -n 's/^    \([^ ]*\) .*sha256digest=\([0-9a-f]*\).*/\1 \2/p' | sort >got
	equal "$(wc -l <got)" 9
	same wanted got
}

@test "what stands already is not touched" {
	lower
	image a 0.tar
	for there in rootfs config.json umoci.json; do
		mkdir b
		echo mine >"b/$there"
		runs 1 rlc-image unpack --image oci:a b
		has "rlc-image unpack: b/$there: File exists"
		equal "$(ls -A b)" "$there"
		rm -r b
	done
	mkdir b
	echo other >b/other
	rlc-image unpack --image oci:a b
	equal "$(cat b/other)" other
}

@test "a layer whose bytes are not those of its digest leaves no bundle" {
	lower
	upper
	image a 0.tar 1.tar
	blob=$(rlc-image stat --json --image oci:a | jq -r '.manifest.blob.layers[1].digest' | tr : /)
	chmod u+w "oci/blobs/$blob"
	printf x >>"oci/blobs/$blob"
	runs 1 rlc-image unpack --image oci:a b
	[ ! -e b ]
	mkdir b
	echo mine >b/mine
	runs 1 rlc-image unpack --image oci:a b
	equal "$(ls -A b)" mine
}

@test "a diff_id that lies leaves no bundle" {
	lower
	image a 0.tar
	/usr/bin/python3 - <<-'END'
		import hashlib, json, sys
		blobs = "oci/blobs/sha256/"
		def put(doc):
		    data = json.dumps(doc).encode()
		    name = hashlib.sha256(data).hexdigest()
		    open(blobs + name, "wb").write(data)
		    return "sha256:" + name, len(data)
		index = json.load(open("oci/index.json"))
		manifest = json.load(open(blobs + index["manifests"][0]["digest"][7:]))
		config = json.load(open(blobs + manifest["config"]["digest"][7:]))
		config["rootfs"]["diff_ids"][0] = "sha256:" + "0" * 64
		manifest["config"]["digest"], manifest["config"]["size"] = put(config)
		index["manifests"][0]["digest"], index["manifests"][0]["size"] = put(manifest)
		json.dump(index, open("oci/index.json", "w"))
	END
	runs 1 rlc-image unpack --image oci:a b
	has "diff_id"
	[ ! -e b ]
}

@test "hostile entries stay in the tree, are told, and the rest is there" {
	mkdir outside
	layer <<-END >0.tar
		layer.symlink("out", "$WORK/outside")
		layer.add("out/f", data=b"bad")
		layer.symlink("up", "../../outside")
		layer.add("up/f", data=b"bad")
		layer.add("/../../../$WORK/outside/g", data=b"bad")
		layer.hardlink("passwd", "$WORK/outside/none")
		layer.add("fine", data=b"fine")
	END
	image a 0.tar
	runs 1 rlc-image unpack --image oci:a b
	has passwd
	equal "$(ls -A outside)" ""
	equal "$(cat b/rootfs/fine)" fine
	[ -e b/umoci.json ]
}

@test "--overlay: a directory a layer, whiteouts as overlayfs has them" {
	[ "$ENVIRONMENT" != inns ] || skip "needs mknod of 0:0 where it is made"
	lower
	upper
	layer <<<'layer.directory(".", mode=0o700, owner=(11, 12), time="1234567890")' >2.tar
	tar -A -f 0.tar 2.tar
	image a 0.tar 1.tar
	runs 0 rlc-image unpack --overlay --image oci:a b
	equal "$(cd b && echo ./* ./layers/*)" "./config.json ./layers ./rootfs ./umoci.json ./upper ./work ./layers/0 ./layers/1"
	[ -c b/layers/1/gone ]
	equal "$(stat -c %t:%T b/layers/1/gone)" 0:0
	equal "$(getfattr --only-values -n user.overlay.opaque b/layers/1/kept)" y
	[ -e b/layers/0/kept/old ]
	equal "$(owner b/layers/1/kept/new)" 9:9
	equal "$(jq .whiteout_mode b/umoci.json)" 1
	# the top of an overlay is that of the uppermost
	equal "$(stat -c '%a %Y' b/layers/0 b/layers/1 b/upper | uniq)" "700 1234567890"
	equal "$(owner b/upper)" 11:12
}

@test "--platform chooses in an index" {
	layout 'layout.tag(layout.nest([layout.image([layout.layer({"f": a.encode()})], {"architecture": a},
		platform={"os": "linux", "architecture": a}) for a in ("amd64", "arm64")]))'
	for arch in amd64 arm64; do
		runs 0 rlc-image unpack --image l --platform "linux/$arch" "$arch"
		equal "$(cat "$arch/rootfs/f")" "$arch"
		runs 0 rlc-image raw unpack --image l --platform "linux/$arch" "raw.$arch"
		equal "$(cat "raw.$arch/f")" "$arch"
	done
	runs 1 rlc-image unpack --image l --platform linux/s390x b
	has "has no image for that platform"
	[ ! -e b ]
}
