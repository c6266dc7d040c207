# SPDX-License-Identifier: Apache-2.0
# rlc-image diff: what differs between images, trees, archives.
# environments: user root
load lib

setup() {
	rlc_setup
	layer <<-'END' >a.tar
		layer.directory("d", owner=(3, 4))
		layer.add("d/same", data=b"1", owner=(5, 6))
		layer.add("gone", data=b"2")
		layer.directory("old")
		layer.add("old/in", data=b"2")
		layer.add("content", data=b"3")
		layer.add("mode", data=b"4")
		layer.add("owner", data=b"5", owner=(7, 8))
		layer.symlink("link", "a")
		layer.add("type", data=b"6")
		layer.add("attr", data=b"7", attrs={"user.x": b"1"})
		layer.add("time", data=b"8", time="5")
		layer.hardlink("hard", "content")
	END
	layer <<-'END' >b.tar
		layer.directory("d", owner=(3, 4))
		layer.add("d/same", data=b"1", owner=(5, 6))
		layer.add("content", data=b"33")
		layer.add("mode", data=b"4", mode=0o4755)
		layer.add("owner", data=b"5", owner=(9, 0))
		layer.symlink("link", "b")
		layer.directory("type")
		layer.add("attr", data=b"7", attrs={"user.x": b"2"})
		layer.add("time", data=b"8", time="6")
		layer.add("hard", data=b"3")
		layer.add("new\n", data=b"9", owner=(11, 12))
	END
}

differences() {
	cat <<-'END'
		~ attr: attributes
		~ content: content
		- -0644 0:0 gone
		~ link: target a -> b
		~ mode: mode 0644 -> 4755
		+ -0644 11:12 new\012
		- d0755 0:0 old
		- -0644 0:0 old/in
		~ owner: owner 7:8 -> 9:0
		~ type: type file -> directory
	END
}

@test "two archives: each kind of difference, and owners" {
	runs 1 rlc-image diff a.tar b.tar
	is "$(differences)"
	runs 1 rlc-image diff tar:a.tar tar:- <b.tar
	is "$(differences)"
	runs 0 rlc-image diff a.tar a.tar
	is ""
}

@test "a time alone is a difference with --times" {
	runs 1 rlc-image diff --times a.tar b.tar
	has "~ time: time"
}

@test "an image, the tree it was unpacked to, and a change in that" {
	rlc-image init --layout images
	rlc-image new --image images:a
	rlc-image raw add-layer --image images:a a.tar
	rlc-image raw add-layer --image images:a b.tar
	rlc-image unpack --image images:a bundle
	runs 0 rlc-image diff images:a bundle/rootfs
	is ""
	rlc-chown 1:2 bundle/rootfs/time
	echo >>bundle/rootfs/content
	runs 1 rlc-image diff images:a bundle/rootfs
	is "$(printf '%s\n' '~ content: content' '~ time: owner 0:0 -> 1:2')"
	runs 1 rlc-image diff tree:bundle/rootfs oci:images:a
	has "~ time: owner 1:2 -> 0:0"
	runs 0 rlc-image diff bundle/rootfs tree:bundle/rootfs
	is ""
	rlc-image raw unpack --image images:a unchanged
	runs 1 rlc-image diff unchanged bundle/rootfs
	is "$(printf '%s\n' '~ content: content' '~ time: owner 0:0 -> 1:2')"
}

@test "--json" {
	rlc-image diff --json a.tar b.tar >out || [ $? = 1 ]
	equal "$(jq -r .path out)" "$(printf '%s\n' attr content gone link mode $'new\n' old old/in owner type)"
	equal "$(jq -c 'select(.path == "owner") | [.change, .differs, .old.uid, .new.gid, .old.sha256]' out)" \
		"[\"changed\",[\"owner\"],7,0,\"$(printf 5 | sha256sum | cut -d' ' -f1)\"]"
	equal "$(jq -c 'select(.path == "link") | [.old.target, .new.target]' out)" '["a","b"]'
	equal "$(jq -c 'select(.path == "gone") | [.change, .new]' out)" '["removed",null]'
	equal "$(jq -c 'select(.path == "attr") | .new.attributes' out)" '{"user.x":"2"}'
}

@test "trouble is 2" {
	runs 2 rlc-image diff a.tar missing.tar
	has "missing.tar"
	runs 2 rlc-image diff a.tar
	head -c 3000 b.tar >cut.tar
	runs 2 rlc-image diff a.tar cut.tar
	has "the archive is cut off"
	runs 2 rlc-image diff a.tar oci-archive:b.tar
	has "copy it into a layout first"
	mkdir closed
	runs 1 rlc-image diff a.tar tree:closed
	runs 2 rlc-image diff a.tar tree:not-there
}
