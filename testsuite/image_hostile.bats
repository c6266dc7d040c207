# SPDX-License-Identifier: Apache-2.0
# Layouts, archives and bundles from an enemy: nothing leaves its place, nothing runs for ever, and
# what is refused leaves no trace.
load lib

# layout STATEMENT...: a new one (gen/oci.py)
layout() {
	rm -rf l
	gen oci "$@"
}

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
