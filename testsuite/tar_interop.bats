# SPDX-License-Identifier: Apache-2.0
# umoci and rlc read each other's trees; other programs read what rlc-tar writes, and it theirs.
# environments: user nons inns
load lib

# make_layer: what umoci can keep without root. (It writes no record where it may not write the
# file, nor on a symlink, and its times are whole seconds.)
make_layer() {
	layer >layer.tar <<-'END'
		for uid, gid in ((0, 0), (0, 42), (7, 0), (8, 8), (5, 60), (33, 33), (65534, 65534),
		                 (1000, 1000), (2097152, 2147483648), (4294967294, 4294967294)):
		    layer.add("owners/%d-%d" % (uid, gid), data=b"%d" % uid, owner=(uid, gid))
		    layer.directory("owners/dir-%d-%d" % (uid, gid), owner=(uid, gid))
		for mode in (0o600, 0o644, 0o755, 0o4755, 0o2755, 0o6711, 0o1644, 0o7777):
		    layer.add("modes/file-%o" % mode, data=b"x" * mode, mode=mode, owner=(mode, 9))
		for mode in (0o700, 0o755, 0o1777, 0o2775):
		    layer.directory("modes/dir-%o" % mode, mode, owner=(8, mode))
		layer.add("links/first", data=b"one inode", owner=(3, 4))
		layer.hardlink("links/second", "links/first")
		layer.symlink("links/soft", "first")
		layer.add(b"name \xe9\xff", owner=(5, 6))
		layer.add("n" * 255, owner=(6, 7), attrs={"user.mime": b"text"})
	END
}

image() {
	make_layer
	umoci init --layout image
	umoci new --image image:it
	umoci raw add-layer --image image:it layer.tar
}

# last_layer IMAGE:TAG: the digest of its last layer
last_layer() {
	umoci stat --image "$1" --json |
		/usr/bin/python3 -c 'import json, sys
history = json.load(sys.stdin)["history"]
print([h["layer"]["digest"] for h in history if h.get("layer")][-1].split(":")[1])'
}

# plain ARCHIVE: its listing without the directories that make_layer leaves out
plain() {
	gen list "$1" | /usr/bin/python3 -c 'import json, sys
for e in map(json.loads, sys.stdin):
    if e["name"] not in (".", "owners", "modes", "links"):
        print(json.dumps(e))'
}

@test "rlc reads the tree that umoci unpacked" {
	image
	umoci unpack --rootless --image image:it bundle >log 2>&1
	runs 0 rlc-tar -cf out.tar -C bundle/rootfs .
	is ''
	plain layer.tar >want
	plain out.tar >got
	same want got
	equal "$(rlc-ls -ldn bundle/rootfs/owners/7-0 | tr -s ' ' | cut -d ' ' -f 3,4)" '7 0'
	equal "$(rlc-ls -ldn bundle/rootfs/owners/0-42 | tr -s ' ' | cut -d ' ' -f 3,4)" '0 42'
}

@test "rlc changes the tree that umoci unpacked, and umoci packs it again" {
	image
	umoci unpack --rootless --image image:it bundle >log 2>&1
	rlc-chown 77:88 bundle/rootfs/owners/7-0
	rlc-chown :99 bundle/rootfs/owners/dir-0-42
	rlc-chown 0:0 bundle/rootfs/owners/8-8
	touch bundle/rootfs/owners/7-0 bundle/rootfs/owners/dir-0-42 bundle/rootfs/owners/8-8
	umoci repack --image image:new bundle 2>&1
	gzip -dc "image/blobs/sha256/$(last_layer image:new)" >new.tar
	gen list new.tar >got
	grep -F '"name": "owners/7-0"' got | grep -F '"uid": 77, "gid": 88'
	grep -F '"name": "owners/dir-0-42"' got | grep -F '"uid": 0, "gid": 99'
	grep -F '"name": "owners/8-8"' got | grep -F '"uid": 0, "gid": 0'
}

@test "umoci packs the tree that rlc unpacked" {
	image
	umoci new --image image:empty
	umoci unpack --rootless --image image:empty bundle >log 2>&1
	runs 0 rlc-tar -xf layer.tar -C bundle/rootfs
	umoci repack --image image:empty bundle 2>&1
	gzip -dc "image/blobs/sha256/$(last_layer image:empty)" >out.tar
	plain layer.tar >want
	plain out.tar >got
	same want got
}

@test "umoci's stored layer, gzip as it is, goes in and its digests are right" {
	image
	blob=$(last_layer image:it)
	runs 0 rlc-tar -x --digest -f "image/blobs/sha256/$blob" -C tree
	has "blob sha256:$blob" "content sha256:$(sha256sum <layer.tar | cut -d ' ' -f 1)"
}

@test "GNU tar, bsdtar and umoci read what rlc-tar writes" {
	make_layer
	rlc-tar -xf layer.tar -C tree
	rlc-tar -cf out.tar -C tree .
	tar --warning=all --warning=no-timestamp -tf out.tar >gnu 2>errors
	! grep -vE "hdrcharset" errors || false
	bsdtar -tf out.tar >bsd
	equal "$(wc -l <gnu)" "$(wc -l <bsd)"
	umoci init --layout image
	umoci new --image image:it
	umoci raw add-layer --image image:it out.tar
	umoci unpack --rootless --image image:it bundle >log 2>&1
	rlc-tar -cf theirs.tar -C bundle/rootfs .
	plain layer.tar >want
	plain theirs.tar >got
	same want got
}

@test "what pigz, gzip and zstd wrote, with and without checksums and threads" {
	gen rich big deep >layer.tar
	rlc-tar -tf layer.tar >want
	gzip -1 <layer.tar >a.gz
	gzip -9n <layer.tar >b.gz
	zstd -q -T2 --no-check <layer.tar >c.zst
	zstd -q -19 --check <layer.tar >d.zst
	zstd -q -1 --content-size <layer.tar >e.zst
	for name in *.gz *.zst; do
		runs 0 rlc-tar -tf $name
		is "$(cat want)"
	done
}

@test "newc: cpio reads it, with owners, devices and links" {
	layer >in.tar <<-'END'
		layer.directory("dev")
		layer.add("dev/console", tarfile.CHRTYPE, device=(5, 1), mode=0o600)
		layer.add("dev/sda", tarfile.BLKTYPE, device=(8, 0), mode=0o660, owner=(0, 6))
		layer.add("init", data=b"#!/bin/sh\n", mode=0o755)
		layer.hardlink("linuxrc", "init")
		layer.symlink("bin", "usr/bin", owner=(7, 7))
		layer.add("fifo", tarfile.FIFOTYPE, owner=(9, 9))
		layer.add("odd-size", data=b"12345", owner=(1000, 100), mode=0o4711)
	END
	rlc-tar -xf in.tar -C tree
	runs 0 rlc-tar -cf out.cpio --format=newc -C tree .
	is ''
	equal "$(head -c 6 out.cpio)" 070701
	run cpio -itv --numeric-uid-gid <out.cpio
	equal "$(grep -c . <<<"$output")" 10
	tr -s ' ' <<<"$output" >list
	grep -E '^crw------- 1 0 0 5, 1 .* (\./)?dev/console$' list
	grep -E '^brw-rw---- 1 0 6 8, 0 .* (\./)?dev/sda$' list
	grep -E '^-rwxr-xr-x 2 0 0 .* (\./)?init$' list
	grep -E '^-rwxr-xr-x 2 0 0 .* (\./)?linuxrc$' list
	grep -E '^lrwxrwxrwx 1 7 7 .* (\./)?bin -> usr/bin$' list
	grep -E '^prw-r--r-- 1 9 9 .* (\./)?fifo$' list
	grep -E '^-rws--x--x 1 1000 100 5 .* (\./)?odd-size$' list
	# and rlc-tar reads it back
	runs 0 rlc-tar -xf out.cpio -C again
	rlc-tar -cf again.tar -C again dev init linuxrc bin fifo odd-size
	gen list in.tar mtime >want
	gen list again.tar mtime >got
	same want got
	# as do others
	mkdir other
	cpio -i --quiet -D other --no-absolute-filenames './init' ./linuxrc <out.cpio
	[ other/init -ef other/linuxrc ]
	equal "$(cat other/init)" '#!/bin/sh'
}

@test "newc: each inode has a number of its own, and the end is there" {
	gen rich big deep >layer.tar
	rlc-tar -xf layer.tar -C tree
	run rlc-tar -cf out.cpio --format=newc -C tree owners links
	equal "$(bsdtar -tf out.cpio | wc -l)" "$(find tree/owners tree/links | wc -l)"
	grep -qaF 'TRAILER!!!' out.cpio
}
