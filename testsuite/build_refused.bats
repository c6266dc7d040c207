# SPDX-License-Identifier: Apache-2.0
# rlc-build where user namespaces are refused: what needs no step is built, a step says what it needs.
# environments: nons
load lib

@test "imports, stacker:// and archives need no namespace; a step says why it cannot run" {
	mkdir -p rootfs/bin d
	echo '#' >rootfs/bin/sh
	chmod 755 rootfs/bin/sh
	rlc-image copy tree:rootfs base:base
	echo text >d/file
	rlc-tar cf t.tar -C rootfs .
	cat >stacker.yaml <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports: [{path: d, dest: /etc/, uid: 7, mode: 0640}]
		b:
		  from: {type: built, tag: a}
		  run: "true"
		c:
		  from: {type: tar, url: t.tar}
		  imports: [{path: "stacker://a/etc/d/file", dest: /}]
	END
	runs 1 rlc-build build
	has "a: built" "b| rlc-build: b: cannot run a step: Operation not permitted" "refuses user namespaces" "b: run: exit status 125" "failed: b"
	runs 1 rlc-image diff --json oci:base:base oci:oci:a
	has '"path":"etc/d/file"' '"mode":"0640","uid":7,"gid":0'
	equal "$(layer_of oci:c 1)" "file "
	runs 0 rlc-build check
	has "overlay: cannot be mounted"
	runs 0 rlc-build grab a:etc/d/file
	equal "$(cat file)" text
}
