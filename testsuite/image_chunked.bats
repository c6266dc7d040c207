# SPDX-License-Identifier: Apache-2.0
# Layers in zstd:chunked: ordinary zstd for all others, with a table of what is where.
# environments: user root
load lib

setup() {
	rlc_setup
	export SOURCE_DATE_EPOCH=1700000000
	head -c 700000 "$RLC" >big
	layer <<-'END' >a.tar
		layer.directory("d", owner=(3, 4))
		layer.add("d/big", data=open("big", "rb").read(), owner=(5, 6))
		layer.add("d/empty")
		layer.add("d/small", data=b"small", attrs={"user.k": b"v\x00w"})
		layer.hardlink("hard", "d/small")
		layer.symlink("s", "d/big")
		layer.add("d/" + "long" * 40 + "/" + "name" * 40, data=b"deep" * 128)
		layer.add("d/\u00fc\"\n", data=b"odd")
		layer.add("last", data=b"l" * 512)
	END
	rlc-image init --layout images
	rlc-image new --image images:a
	rlc-image raw add-layer --compress zstd:chunked --image images:a a.tar
}

notes() {
	of_image "$1" '.manifest.blob.layers[-1].annotations
		| .["io.github.containers.zstd-chunked.manifest-position"],
		  .["io.github.containers.zstd-chunked.manifest-checksum"],
		  .["io.github.containers.zstd-chunked.tarsplit-position"]'
}

# chunked IMAGE: its last layer is whole as others see it, and its tables are true
chunked() {
	local b
	b=$(top_layer "$1")
	zstd -tq "$b"
	equal "$(notes "$1")" "$(gen chunked "$b" notes)"
	cmp <(gen chunked "$b" tar) <(zstd -dcq "$b")
	rlc-image validate --layout "${1%%:*}"
}

@test "the table says what is where; a file is had by its offsets alone" {
	chunked images:a
	cmp <(zstd -dcq "$(top_layer images:a)") a.tar
	cmp <(gen chunked "$(top_layer images:a)" get d/big) big
	equal "$(gen chunked "$(top_layer images:a)" get last | wc -c)" 512
	gen chunked "$(top_layer images:a)" | jq -cS 'del(.offset, .endOffset, .digest, .modtime)' >table
	grep -Fx '{"gid":6,"mode":420,"name":"d/big","size":700000,"type":"reg","uid":5}' table
	grep -Fx '{"mode":420,"name":"d/small","size":5,"type":"reg","xattrs":{"user.k":"dgB3"}}' table
	grep -Fx '{"linkName":"d/small","mode":420,"name":"hard","type":"hardlink"}' <(jq -cS 'del(.xattrs)' table)
	grep -F '"linkName":"d/big"' table | grep -F '"type":"symlink"'
	grep -F '"name":"d/ü\"\n"' table
	equal "$(wc -l <table)" "$(rlc-tar -tf a.tar | wc -l)"
}

@test "repack, insert, squash and copy make such layers, the same bytes each time" {
	rlc-image unpack --image images:a b
	echo more >b/rootfs/more
	truncate -s 5M b/rootfs/hole
	rlc-image repack --compress zstd:chunked --image images:r b
	chunked images:r
	equal "$(gen chunked "$(top_layer images:r)" get more)" more
	rlc-image repack --compress zstd:chunked --image images:again b
	equal "$(top_layer images:again)" "$(top_layer images:r)"
	rlc-image insert --compress zstd:chunked --image images:r --tag i big put
	chunked images:i
	cmp <(gen chunked "$(top_layer images:i)" get put) big
	rlc-image squash --compress zstd:chunked --image images:i --tag q
	chunked images:q
	rlc-image diff images:q images:i
	rlc-image copy --compress zstd:chunked images:i other:i
	chunked other:i
	rlc-image diff other:i images:i
	rlc-image copy --compress gzip other:i other:g
	[ "$(notes other:g | sort -u)" = null ]
	rlc-image copy --compress zstd:chunked tree:b/rootfs other:t
	chunked other:t
}

@test "an archive without anything, one with an odd end" {
	tar -cf none.tar -T /dev/null
	rlc-image raw add-layer --compress zstd:chunked --image images:a --tag none none.tar
	chunked images:none
	(cat a.tar; head -c 3000000 /dev/zero) >padded.tar
	rlc-image raw add-layer --compress zstd:chunked --image images:a --tag padded padded.tar
	chunked images:padded
	tar --format=gnu -cf gnu.tar --mtime=@1.5 "$RLC" 2>/dev/null
	rlc-image raw add-layer --compress zstd:chunked --image images:a --tag gnu gnu.tar
	chunked images:gnu
	tar --format=pax -cf pax.tar --mtime=@-1.25 big
	rlc-image raw add-layer --compress zstd:chunked --image images:a --tag pax pax.tar
	chunked images:pax
	gen chunked "$(top_layer images:pax)" | grep -F '1969-12-31T23:59:58.75Z'
}

@test "what the table cannot say is refused" {
	truncate -s 5M hole
	tar -S --format=pax -cf sparse.tar hole
	runs 1 rlc-image raw add-layer --compress zstd:chunked --image images:a sparse.tar
	has 'zstd:chunked has no place for sparse files'
	touch "$(printf 'no\377utf8')"
	tar --format=gnu -cf names.tar no*
	runs 1 rlc-image raw add-layer --compress zstd:chunked --image images:a names.tar
	has 'not UTF-8'
	rlc-image raw add-layer --compress zstd --image images:a names.tar
	runs 1 rlc-image squash --compress zstd:chunked --image images:a
	has 'not UTF-8'
	rlc-image gc --layout images
	rlc-image validate --layout images
}

@test "skopeo takes it for an ordinary layer" {
	command -v skopeo >/dev/null || skip "skopeo is missing"
	skopeo --insecure-policy copy oci:images:a oci:copied:a
	equal "$(rlc-image stat --json --image copied:a | jq -r '.manifest.blob.layers[0].digest')" \
		"sha256:$(sha256sum <"$(top_layer images:a)" | cut -d' ' -f1)"
}
