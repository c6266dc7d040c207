# SPDX-License-Identifier: Apache-2.0
# rlc-image as real root alone: ids shifted by maps, and records where it is asked for them.
# environments: root
load lib

@test "--uid-map and --gid-map shift ids as real root, and repack shifts them back" {
	layer <<<'layer.directory("."); layer.add("f", owner=(1000, 1001)); layer.add("far", owner=(70000, 0))' >0.tar
	image a 0.tar
	runs 1 rlc-image unpack --image oci:a --uid-map 0:100000:65536 --gid-map 0:200000:65536 b
	has "far: its owner is in no --uid-map or --gid-map"
	equal "$(stat -c %u:%g b/rootfs/f b/rootfs)" "$(printf '101000:201001\n100000:200000')"
	echo new >b/rootfs/new
	chown 100005:200006 b/rootfs/new
	rlc-image repack --image oci:b b
	rlc-image raw unpack --image oci:b r
	equal "$(stat -c %u:%g r/new r/f)" "$(printf '5:6\n1000:1001')"
}

@test "--rootless as real root keeps owners in records" {
	lower
	image a 0.tar
	rlc-image unpack --rootless --image oci:a b
	equal "$(stat -c %u:%g b/rootfs/etc/shadow)" 0:0
	equal "$(record b/rootfs/etc/shadow)" 0800102a
	equal "$(jq .map_options.rootless b/umoci.json)" true
	echo new >b/rootfs/new
	rlc-image repack --image oci:b b
	equal "$(rlc-image stat --json --image oci:b | jq '.manifest.blob.layers | length')" 2
}

@test "a device of another number, with the time of the old one, is a change" {
	lower
	image a 0.tar
	rlc-image unpack --image oci:a b
	rlc-image repack --no-history --image oci:same b
	rm b/rootfs/null
	mknod -m 666 b/rootfs/null c 1 5
	touch -d @1000000000 b/rootfs/null
	rlc-image repack --image oci:n b
	rlc-image raw unpack --image oci:n r
	equal "$(stat -c %t:%T r/null)" 1:5
	equal "$(rlc-image stat --json --image oci:same | jq '.manifest.blob.layers | length')" 1
}
