# SPDX-License-Identifier: Apache-2.0
# Bundles go between rlc-image and umoci both ways: same manifest, same changes, same owners.
# environments: user root
load lib

setup() {
	rlc_setup
	command -v umoci >/dev/null || skip "umoci is missing"
	layer <<-'END' >0.tar
		layer.directory(".")
		layer.directory("d", owner=(1, 2))
		layer.add("d/a", data=b"aaaa", owner=(3, 4))
		layer.add("d/b", data=b"bbbb")
		layer.add("d/odd *?[#\\\x01 name", data=b"odd", attrs={"user.note": b"x"})
		layer.hardlink("d/linked", "d/a")
		layer.symlink("link", "d/a b")
		layer.add("none", data=b"none", mode=0)
		layer.add("su", data=b"su", mode=0o4711, owner=(0, 42))
		layer.directory("sticky", mode=0o1777)
		layer.add("fifo", tarfile.FIFOTYPE)
		layer.add("early", time="-5")
	END
	rlc-image init --layout oci
	rlc-image new --image oci:a
	rlc-image raw add-layer --image oci:a 0.tar
	rootless=$(records && echo --rootless || :)
}

change() {
	rm b/rootfs/d/b
	echo new >b/rootfs/d/new
	printf AAAA >b/rootfs/d/a
	mkdir b/rootfs/made
	chmod 711 b/rootfs/sticky
}

# tree TAG: all that rlc-tar shows of the image's tree, unpacked by rlc
tree() {
	rm -rf t
	rlc-image raw unpack --image "oci:$1" t
	rlc-tar -C t --mtime=@0 --clamp-mtime -cf - . | rlc-tar -tv
	chmod -R u+rwX t
}

# same_trees TAG TAG: their trees are alike, and have what change() did
same_trees() {
	tree "$1" >one.txt || return
	tree "$2" >two.txt || return
	same one.txt two.txt || return
	grep ' \./d/new$' one.txt || return
	! grep ' \./d/b$' one.txt
}

@test "both write the same manifest and umoci.json" {
	rlc-image unpack --image oci:a r
	umoci unpack $rootless --image oci:a u
	same r/umoci.json u/umoci.json
	equal "$(cd r && echo *.mtree)" "$(cd u && echo *.mtree)"
	# umoci has another form of a record of which one id is 0, and directories have other sizes
	drop='/^#/d; s/ xattr.user.rootlesscontainers=C[AP][^ ]*//; s/size=[0-9]* type=dir/type=dir/'
	sed "$drop" r/*.mtree >r.txt
	sed "$drop" u/*.mtree >u.txt
	same r.txt u.txt
	grep '^    linked size=4 .*sha256digest=' r.txt
}

@test "umoci repacks what rlc unpacked: nothing without a change, and the same changes" {
	rlc-image unpack --image oci:a b
	umoci repack --image oci:same b
	equal "$(layers same)" 1
	change
	umoci repack --image oci:u b
	rlc-image repack --image oci:r b
	same_trees u r
}

@test "rlc repacks what umoci unpacked: nothing without a change, and the same changes" {
	umoci unpack $rootless --image oci:a b
	rlc-image repack --image oci:same b
	equal "$(layers same)" 1
	change
	umoci repack --image oci:u b
	rlc-image repack --image oci:r b
	same_trees u r
}

@test "umoci unpacks what rlc repacked" {
	rlc-image unpack --image oci:a b
	change
	rlc-image repack --image oci:r b
	umoci unpack $rootless --image oci:r u
	equal "$(owner u/rootfs/d/a)" 3:4
	equal "$(owner u/rootfs/su)" 0:42
	equal "$(cd u/rootfs/d && echo [a-m]* new)" "a linked new"
	rlc-image repack --image oci:again u
	equal "$(layers again)" 2
}

@test "both make the same config.json, but for what umoci does not say or says anew" {
	rlc-image config --image oci:a --config.entrypoint /bin/x --config.cmd y --config.env A=b \
		--config.volume /v --config.label l=m --config.workingdir /w --config.user 5:6 \
		--config.exposedports 80 --config.stopsignal TERM --author me
	rlc-image unpack --image oci:a r
	umoci unpack $rootless --image oci:a u
	# umoci 0.4.7 has no cgroup namespace, writes annotations that are empty, and overlooks relatime
	plain='.linux.namespaces |= map(select(.type != "cgroup")) | .annotations |= with_entries(select(.value != "")) | .mounts[].options |= (. // [] | map(select(. != "relatime")))'
	jq -S "$plain" r/config.json >r.txt
	jq -S "$plain" u/config.json >u.txt
	same r.txt u.txt
	grep '"A=b"' r.txt
}
