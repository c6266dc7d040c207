# SPDX-License-Identifier: Apache-2.0
# rlc-image insert, raw add-layer: layers made without unpacking anything.
# environments: user root
load lib

setup() {
	rlc_setup
	layer <<-'END' >0.tar
		layer.directory("etc")
		layer.add("etc/old", data=b"old", owner=(1, 2))
		layer.directory("opt")
		layer.add("opt/was", data=b"was")
		layer.add("gone", data=b"gone")
	END
	rlc-image init --layout oci
	rlc-image new --image oci:a
	rlc-image raw add-layer --image oci:a 0.tar
	mkdir -p src/sub
	echo one >src/one
	echo two >src/sub/two
	rlc-chown 33:34 src/one
	echo file >file
}

@test "a tree goes in under its new name, with its owners" {
	runs 0 rlc-image insert --image oci:a src /opt/new
	is ""
	equal "$(names a)" "opt/new/ opt/new/one opt/new/sub/ opt/new/sub/two "
	rlc-image raw unpack --image oci:a r
	equal "$(cat r/opt/new/sub/two r/opt/was)" "two
was"
	equal "$(owner r/opt/new/one)" 33:34
	equal "$(rlc-image stat --json --image oci:a | jq -r '.config.blob.history[-1].created_by')" "rlc-image insert"
}

@test "several pairs are one layer; --tag leaves the old image" {
	rlc-image insert --image oci:a --tag b file etc/file src / file "/x/../../deep/./f"
	equal "$(layers a) $(layers b)" "1 2"
	equal "$(names b)" "etc/file ./ ./one ./sub/ ./sub/two deep/f "
	rlc-image raw unpack --image oci:b r
	equal "$(cat r/deep/f r/one)" "file
one"
}

@test "--whiteout removes, --opaque replaces" {
	rlc-image insert --whiteout --image oci:a gone /etc/old
	equal "$(names a)" ".wh.gone etc/.wh.old "
	rlc-image insert --opaque --image oci:a src opt
	rlc-image raw unpack --image oci:a r
	[ ! -e r/gone ]
	[ ! -e r/etc/old ]
	[ -d r/etc ]
	equal "$(cd r/opt && echo *)" "one sub"
}

@test "what cannot be: no pair, no such file, the top removed, a file made opaque" {
	cp oci/index.json before
	runs 2 rlc-image insert --image oci:a src
	has "each SRC needs a DST"
	runs 2 rlc-image insert --image oci:a --whiteout --opaque x y
	runs 1 rlc-image insert --image oci:a none /x
	has "rlc-image insert: none: cannot read: No such file or directory"
	runs 1 rlc-image insert --image oci:a --whiteout /
	has "the top of an image cannot be removed"
	runs 1 rlc-image insert --image oci:a --opaque file /etc/file
	has "only a directory can be opaque"
	for top in / "" /etc/; do
		runs 1 rlc-image insert --image oci:a file "$top"
		has "is a directory, and what is to come there is none"
	done
	SOURCE_DATE_EPOCH=soon runs 2 rlc-image insert --image oci:a file /f
	has "SOURCE_DATE_EPOCH: 'soon' is not understood"
	same before oci/index.json
}

@test "the same bytes for the same SOURCE_DATE_EPOCH; --compress and history" {
	export SOURCE_DATE_EPOCH=1500000000
	for tag in b c; do
		rlc-image insert --image oci:a --tag "$tag" --compress zstd --history.author me \
			--history.comment text file f
		touch file
	done
	equal "$(jq -r '[.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] | . == "b" or . == "c").digest] | unique | length' oci/index.json)" 1
	equal "$(rlc-image stat --json --image oci:b | jq -cS '.config.blob.history[-1] | del(.created)')" \
		'{"author":"me","comment":"text","created_by":"rlc-image insert"}'
	equal "$(rlc-image stat --json --image oci:b | jq -r '.manifest.blob.layers[-1].mediaType')" \
		application/vnd.oci.image.layer.v1.tar+zstd
	rlc-image insert --image oci:a --tag n --no-history file f
	equal "$(rlc-image stat --json --image oci:n | jq '.config.blob.history | length')" 1
}

@test "maps: one's own id as another" {
	if [ "$ENVIRONMENT" = root ]; then
		chown 100007:100008 file
		rlc-image insert --image oci:a --uid-map 0:100000:65536 --gid-map 0:100000:65536 file f
		want=7:8
	else
		rlc-image insert --image oci:a --rootless --uid-map "1000:$(id -u):1" --gid-map "1001:$(id -g):1" file f
		want=1000:1001
	fi
	rlc-image raw unpack --image oci:a r
	equal "$(owner r/f)" $want
}

@test "raw add-layer takes an archive as it is, compressed or not, and nothing else" {
	gzip -k 0.tar
	rlc-image new --image oci:b
	rlc-image raw add-layer --image oci:b --tag c 0.tar.gz
	equal "$(layers b) $(layers c)" "0 1"
	equal "$(rlc-image stat --json --image oci:c | jq -r '.config.blob.rootfs.diff_ids[0]')" "sha256:$(sha256sum 0.tar | cut -d' ' -f1)"
	runs 1 rlc-image raw add-layer --image oci:b file
	has "file: is no archive"
	runs 1 rlc-image raw add-layer --image oci:b missing.tar
	has "missing.tar: cannot open: No such file or directory"
	head -c 1000 0.tar >cut.tar
	runs 1 rlc-image raw add-layer --image oci:b cut.tar
	equal "$(layers b)" 0
}
