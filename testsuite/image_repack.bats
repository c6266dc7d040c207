# SPDX-License-Identifier: Apache-2.0
# rlc-image repack: the new layer holds just what was changed, with true owners.
# environments: user inns root
load lib

setup() {
	rlc_setup
	layer <<-'END' >0.tar
		layer.directory(".")
		layer.directory("d", owner=(1, 2))
		layer.add("d/a", data=b"aaaa", owner=(3, 4))
		layer.add("d/b", data=b"bbbb")
		layer.add("d/c", data=b"cccc")
		layer.directory("e")
		layer.add("e/one", data=b"linked", owner=(5, 5))
		layer.hardlink("e/two", "e/one")
		layer.symlink("e/link", "one", owner=(6, 6))
		layer.symlink("e/other", "one", owner=(8, 8))
		layer.add("null", tarfile.CHRTYPE, device=(1, 3), mode=0o666)
		layer.add("none", data=b"none", mode=0)
		layer.directory("vol")
		layer.add("vol/data", data=b"1")
	END
	rlc-image init --layout oci
	rlc-image new --image oci:a
	rlc-image raw add-layer --image oci:a 0.tar
	rlc-image unpack --image oci:a b
}

@test "without a change there is no layer, but an entry in the history" {
	runs 0 rlc-image repack --image oci:n b
	is ""
	equal "$(layers n)" 1
	equal "$(rlc-image stat --json --image oci:n | jq -c '.config.blob.history[-1] | [.created_by, .empty_layer]')" '["rlc-image repack",true]'
	rlc-image repack --no-history --image oci:m b
	equal "$(rlc-image stat --json --image oci:m | jq '.config.blob.history | length')" 1
}

@test "what was added, changed and removed, and nothing else" {
	echo new >b/rootfs/d/new
	echo cccd >b/rootfs/d/c
	rm b/rootfs/d/b
	rm -r b/rootfs/vol
	rlc-image repack --image oci:n b
	equal "$(names n)" "./ .wh.vol d/ d/.wh.b d/c d/new "
	rlc-image raw unpack --image oci:n r
	equal "$(cd r/d && echo *)" "a c new"
	equal "$(owner r/d)" 1:2
	equal "$(owner r/d/a)" 3:4
	[ ! -e r/vol ]
}

@test "a change that leaves size and time as they were is found" {
	touch -r b/rootfs/d/a stamp
	printf AAAA >b/rootfs/d/a
	touch -r stamp b/rootfs/d/a
	rlc-image repack --image oci:n b
	equal "$(names n)" "d/a "
}

@test "also without stamps, and with stamps that belong to something else" {
	touch -r b/rootfs/d/a stamp
	printf AAAA >b/rootfs/d/a
	touch -r stamp b/rootfs/d/a
	echo damaged >"$(echo b/*.stamps)"
	rlc-image repack --image oci:n b
	equal "$(names n)" "d/a "
	rm b/*.stamps
	rlc-image repack --image oci:m b
	equal "$(names m)" "d/a "
}

@test "owners and modes alone are a change" {
	rlc-chown 77:78 b/rootfs/d/a
	chmod 600 b/rootfs/d/b
	rlc-image repack --image oci:n b
	equal "$(names n)" "d/a d/b "
	rlc-image raw unpack --image oci:n r
	equal "$(owner r/d/a)" 77:78
	equal "$(stat -c %a r/d/b)" 600
}

@test "so is the owner of one symlink, which its directory keeps" {
	rlc-chown -h 9:9 b/rootfs/e/link
	rlc-image repack --image oci:n b
	equal "$(names n)" "e/link "
	rlc-image raw unpack --image oci:n r
	equal "$(owner r/e/link)" 9:9
	equal "$(owner r/e/other)" 8:8
}

@test "a device that was touched is a device" {
	touch -d @1500000000 b/rootfs/null
	rlc-image repack --image oci:n b
	equal "$(names n)" "null "
	rlc-image raw unpack --image oci:n r
	equal "$(rlc-stat -c '%F %t:%T %a %Y' r/null)" "character special file 1:3 666 1500000000"
}

@test "a new hard link brings the file that it is one of; a removed one leaves the others alone" {
	ln b/rootfs/e/one b/rootfs/three
	rlc-image repack --image oci:n b
	equal "$(names n)" "./ e/one e/two three "
	rlc-image raw unpack --image oci:n r
	equal "$(stat -c %h r/three)" 3
	equal "$(stat -c %i r/three)" "$(stat -c %i r/e/one)"
	rm b/rootfs/three b/rootfs/e/two
	rlc-image repack --image oci:m b
	equal "$(names m)" "./ e/ e/.wh.two "
}

@test "a file for a directory and a directory for a file" {
	rm -r b/rootfs/e
	echo file >b/rootfs/e
	rm b/rootfs/d/a
	mkdir -p b/rootfs/d/a/in
	rlc-image repack --image oci:n b
	equal "$(names n)" "./ d/ d/a/ d/a/in/ e "
	rlc-image raw unpack --image oci:n r
	equal "$(cat r/e)" file
	[ -d r/d/a/in ]
}

@test "mode 0000 is read and written" {
	chmod 0700 b/rootfs/none
	echo other >b/rootfs/none
	chmod 0 b/rootfs/none
	mkdir b/rootfs/shut
	echo shut >b/rootfs/shut/in
	chmod 0 b/rootfs/shut/in b/rootfs/shut
	rlc-image repack --image oci:n b
	equal "$(names n)" "./ none shut/ shut/in "
	equal "$(stat -c %a b/rootfs/none b/rootfs/shut)" "$(printf '0\n0')"
	rlc-image flatten --image oci:n flat.tar
	equal "$(tar -xOf flat.tar none shut/in)" "$(printf 'other\nshut')"
	rlc-image raw unpack --image oci:n r
	equal "$(stat -c %a r/none r/shut)" "$(printf '0\n0')"
}

@test "volumes and --mask-path are left out" {
	rlc-image config --image oci:a --tag v --config.volume /vol
	rlc-image unpack --image oci:v v
	echo 2 >v/rootfs/vol/data
	echo 2 >v/rootfs/vol/more
	echo 2 >v/rootfs/d/b
	echo 2 >v/rootfs/d/c
	rlc-image repack --mask-path d/c --image oci:n v
	equal "$(names n)" "d/b "
	rlc-image repack --no-mask-volumes --mask-path /d/ --image oci:m v
	equal "$(names m)" "vol/ vol/data vol/more "
	rlc-image repack --mask-path d --image oci:o v
	equal "$(layers o)" 1
}

@test "--refresh-bundle makes the bundle one of the new image" {
	echo new >b/rootfs/new
	rlc-image repack --refresh-bundle --image oci:n b
	digest=$(jq -r '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == "n").digest' oci/index.json)
	equal "$(cd b && echo *.mtree)" "sha256_${digest#sha256:}.mtree"
	equal "$(jq -r '.from_descriptor_path.descriptor_walk[-1].digest' b/umoci.json)" "$digest"
	rlc-image repack --image oci:m b
	equal "$(layers m)" 2
	echo newer >b/rootfs/new
	rlc-image repack --image oci:o b
	equal "$(layers o)" 3
	equal "$(names o)" "new "
}

@test "--compress and history" {
	echo new >b/rootfs/new
	for how in gzip zstd none; do
		rlc-image repack --compress "$how" --history.comment "by $how" --history.author me \
			--history.created_by test --history.created 2001-02-03T04:05:06Z --image "oci:$how" b
	done
	equal "$(for how in gzip zstd none; do rlc-image stat --json --image "oci:$how" | jq -r '.manifest.blob.layers[-1].mediaType'; done)" \
		"application/vnd.oci.image.layer.v1.tar+gzip
application/vnd.oci.image.layer.v1.tar+zstd
application/vnd.oci.image.layer.v1.tar"
	equal "$(rlc-image stat --json --image oci:zstd | jq -c '.config.blob.history[-1]')" \
		'{"author":"me","comment":"by zstd","created":"2001-02-03T04:05:06Z","created_by":"test"}' ||
		equal "$(rlc-image stat --json --image oci:zstd | jq -cS '.config.blob.history[-1]')" \
			'{"author":"me","comment":"by zstd","created":"2001-02-03T04:05:06Z","created_by":"test"}'
}

@test "the same bytes for the same SOURCE_DATE_EPOCH, and no time later than it" {
	echo new >b/rootfs/new
	export SOURCE_DATE_EPOCH=1600000000
	rlc-image repack --image oci:n b
	sleep 1
	touch b/rootfs/new b/rootfs
	rlc-image repack --image oci:m b
	equal "$(jq -r '[.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] | . == "n" or . == "m").digest] | unique | length' oci/index.json)" 1
	rlc-image raw unpack --image oci:n r
	equal "$(stat -c %Y r/new)" 1600000000
}

@test "names that a layer cannot hold are left out and told" {
	echo x >b/rootfs/d/.wh.x
	echo y >b/rootfs/d/y
	runs 1 rlc-image repack --image oci:n b
	has "d/.wh.x: left out: a layer would take its name for a whiteout"
	mkdir b/rootfs/d/.wh.dir
	echo x >b/rootfs/d/.wh.dir/in
	runs 1 rlc-image repack --image oci:n b
	has "d/.wh.dir: left out"
	lacks "dir/in"
	equal "$(names n)" "d/ d/y "
}

@test "a socket in a file's place is that the file is gone" {
	rm b/rootfs/d/a
	/usr/bin/python3 -c 'import socket
for path in "b/rootfs/d/a", "b/rootfs/d/new": socket.socket(socket.AF_UNIX).bind(path)'
	runs 0 rlc-image repack --image oci:n b
	equal "$(names n)" "d/ d/.wh.a "
}

@test "an overlay's upper directory is compared with what it lies on" {
	[ "$ENVIRONMENT" != inns ] || skip "needs mknod of 0:0 where it is made"
	rlc-image unpack --overlay --image oci:a o
	rlc-image repack --image oci:n o
	equal "$(layers n)" 1
	mkdir -p o/upper/d o/upper/e
	echo new >o/upper/d/new
	rlc-chown 1:2 o/upper/d
	rlc-chown 7:8 o/upper/d/new
	mknod o/upper/null c 0 0
	setfattr -n user.overlay.opaque -v y o/upper/e
	echo only >o/upper/e/only
	chmod 0 o/layers/0 2>/dev/null
	rlc-image repack --image oci:m o
	chmod 755 o/layers/0
	rlc-image raw unpack --image oci:m r
	[ ! -e r/null ]
	equal "$(ls -A r/e)" only
	equal "$(cd r/d && echo *)" "a b c new"
	equal "$(owner r/d/new)" 7:8
	# overlayfs calls each new directory opaque; the layer names what is gone, so that it can be
	# laid over other images, and has nothing that was only copied up
	mkdir o/upper/fresh
	echo fresh >o/upper/fresh/file
	setfattr -n user.overlay.opaque -v y o/upper/fresh
	cp -a o/layers/0/d/b o/upper/d/b
	rlc-image repack --image oci:p o
	equal "$(names p)" "./ .wh.null d/ d/new e/ e/.wh.link e/.wh.one e/.wh.other e/.wh.two e/only fresh/ fresh/file "
}

@test "a bundle of one platform of an index: the others stay in the new one" {
	for arch in amd64 arm64; do
		rlc-image config --image oci:a --tag $arch --architecture $arch
		echo $arch >f
		rlc-image insert --image oci:$arch f f
	done
	rlc-image index add --image oci:multi amd64 arm64
	rlc-image unpack --platform linux/arm64 --image oci:multi c
	equal "$(cat c/rootfs/f)" arm64
	echo new >c/rootfs/f
	rlc-image repack --image oci:again c
	equal "$(rlc-image index list --image oci:again | cut -f1 | cut -d' ' -f1)" "linux/amd64
linux/arm64"
	rlc-image raw unpack --platform linux/arm64 --image oci:again r
	rlc-image raw unpack --platform linux/amd64 --image oci:again s
	equal "$(cat r/f s/f)" "new
amd64"
}

@test "a manifest or umoci.json that is damaged is named" {
	mtree=$(echo b/*.mtree)
	cp "$mtree" good
	sed 's/size=4 /size=x /' good >"$mtree"
	runs 1 rlc-image repack --image oci:n b
	has "rlc-image repack: line " "a keyword is not understood"
	head -n 8 good >"$mtree"
	runs 1 rlc-image repack --image oci:n b
	has "ends within a directory"
	cp good "$mtree"
	for bad in '{' '{}' '{"umoci_version":"3"}' '{"umoci_version":"2"}'; do
		echo "$bad" >b/umoci.json
		runs 1 rlc-image repack --image oci:n b
		has umoci.json
	done
	equal "$(jq '.manifests | length' oci/index.json)" 1
}
