# SPDX-License-Identifier: Apache-2.0
# rlc-image copy: images between layouts, archives, trees.
# environments: user root
load lib

setup() {
	rlc_setup
	export SOURCE_DATE_EPOCH=1000000000
	layer <<-'END' >0.tar
		layer.directory("d", owner=(3, 4))
		layer.add("d/gone", data=b"1" * 100000, owner=(5, 6))
		layer.add("d/stays", data=b"3", owner=(33, 44), attrs={"user.k": b"v"})
		layer.symlink("s", "d/stays")
	END
	layer <<-'END' >1.tar
		layer.add("d/.wh.gone")
		layer.add("b", data=b"2")
		layer.hardlink("c", "b")
	END
	rlc-image init --layout images
	rlc-image new --image images:a
	rlc-image raw add-layer --image images:a 0.tar
	rlc-image raw add-layer --image images:a 1.tar
	rlc-image config --image images:a --config.cmd sh
}

config() { of_image "$1" .config.descriptor.digest; }
manifest() { of_image "$1" .manifest.descriptor.digest; }
files() { rlc-image flatten --image "$1" - | rlc-tar -tvf -; }

# nothing_left: no layout of our own stays behind
nothing_left() { [ -z "$(ls -A tmp)" ]; }

@test "from layout to layout: the same blobs, verified" {
	runs 0 rlc-image copy images:a other:b
	equal "$(manifest other:b)" "$(manifest images:a)"
	runs 0 rlc-image validate --layout other
	runs 0 rlc-image copy oci:images:a oci:third
	equal "$(manifest third:latest)" "$(manifest images:a)"
	for blob in images/blobs/sha256/*; do
		chmod u+w "$blob"
		printf '\001' | dd of="$blob" bs=1 seek=40 conv=notrunc status=none
	done
	runs 1 rlc-image copy images:a fourth
	has "does not have its digest"
}

@test "--link makes hard links of one's own blobs only" {
	rlc-image copy --link images:a other:b
	for blob in other/blobs/sha256/*; do
		[ "$blob" -ef "images/blobs/sha256/${blob##*/}" ]
	done
	chmod g+w images/blobs/sha256/*
	rlc-image copy --link images:a third:b
	for blob in third/blobs/sha256/*; do
		[ ! "$blob" -ef "images/blobs/sha256/${blob##*/}" ]
	done
}

@test "docker-archive, there and back: the same config, the same files" {
	mkdir tmp
	TMPDIR=$PWD/tmp runs 0 rlc-image copy images:a docker-archive:d.tar:example/a:1
	equal "$(tar -xOf d.tar manifest.json | jq -c '.[0].RepoTags')" '["example/a:1"]'
	runs 0 rlc-image copy docker-archive:d.tar images:back
	equal "$(config images:back)" "$(config images:a)"
	equal "$(files images:back)" "$(files images:a)"
	TMPDIR=$PWD/tmp runs 0 rlc-image copy docker-archive:d.tar:example/a:1 docker-archive:e.tar:example/a
	equal "$(tar -xOf e.tar manifest.json | jq -c '.[0].RepoTags')" '["example/a:latest"]'
	nothing_left
	runs 1 rlc-image copy docker-archive:d.tar:example/b:1 images:no
	has "example/b:1: the archive has no such image"
}

@test "docker-archive of old versions: directories, symlinks, a layer twice, several images" {
	python3 - <<-'END'
		import hashlib, io, json, tarfile
		layers = [open("0.tar", "rb").read(), open("1.tar", "rb").read()]
		ids = ["sha256:" + hashlib.sha256(x).hexdigest() for x in layers]
		config = json.dumps({"os": "linux", "architecture": "amd64", "rootfs": {
		    "type": "layers", "diff_ids": [ids[0], ids[1], ids[0]]}}).encode()
		out = tarfile.open("old.tar", "w")
		def add(name, data=b"", link=None):
		    info = tarfile.TarInfo(name)
		    info.size = len(data)
		    if link:
		        info.type, info.linkname = tarfile.SYMTYPE, link
		    out.addfile(info, io.BytesIO(data))
		add("x/layer.tar", layers[0])
		add("y/layer.tar", layers[1])
		add("z/layer.tar", link="../x/layer.tar")
		add("c.json", config)
		add("manifest.json", json.dumps([
		    {"Config": "c.json", "RepoTags": ["docker.io/library/m:1"],
		     "Layers": ["x/layer.tar", "y/layer.tar", "z/layer.tar"]},
		    {"Config": "c.json", "RepoTags": ["n:1"], "Layers": []}]).encode())
		out.close()
	END
	runs 0 rlc-image copy docker-archive:old.tar:m:1 images:m
	equal "$(rlc-image stat --json --image images:m | jq '.manifest.blob.layers | length')" 3
	runs 0 rlc-image validate --layout images
	runs 1 rlc-image copy docker-archive:old.tar images:m
	has "several images"
	runs 1 rlc-image copy docker-archive:old.tar:n:1 images:n
	has "diff_ids"
}

@test "oci-archive, there and back, and the same bytes each time" {
	runs 0 rlc-image copy images:a oci-archive:o.tar:t
	rlc-image copy images:a oci-archive:p.tar:t
	same o.tar p.tar
	runs 0 rlc-image copy oci-archive:o.tar other:b
	equal "$(manifest other:b)" "$(manifest images:a)"
	runs 0 rlc-image copy oci-archive:o.tar:t other:c
	runs 1 rlc-image copy oci-archive:o.tar:u other:c
	has "u: the archive has no such image"
	runs 1 rlc-image copy oci-archive:0.tar other:c
	has "is no archive of an image layout"
}

@test "a blob in an archive that is not what its name says is refused" {
	rlc-image copy images:a oci-archive:o.tar
	mkdir x
	tar -xf o.tar -C x
	chmod -R u+w x
	for blob in x/blobs/sha256/*; do printf z >>"$blob"; done
	tar -cf o.tar -C x .
	runs 1 rlc-image copy oci-archive:o.tar other
	has "the blob does not have its digest"
	[ -z "$(ls other/blobs/sha256)" ]
}

@test "trees and archives of files" {
	mkdir tmp
	export TMPDIR=$PWD/tmp
	runs 0 rlc-image copy images:a tree:t
	equal "$(rlc-stat -c %u:%g t/d t/d/stays)" "$(printf '%s\n' 3:4 33:44)"
	[ ! -e t/d/gone ]
	[ t/b -ef t/c ]
	runs 0 rlc-image copy tree:t images:tree
	equal "$(files images:tree | grep -v '\./$' | sed 's, \./, ,; s, to \./, to ,' | sort)" "$(files images:a | sort)"
	runs 0 rlc-image copy images:a tar:f.tar
	equal "$(rlc-tar -tvf f.tar)" "$(files images:a)"
	runs 0 rlc-image copy tar:f.tar images:tar
	equal "$(files images:tar)" "$(files images:a)"
	equal "$(rlc-image stat --json --image images:tar | jq -r '.config.blob.rootfs.diff_ids[0]')" \
		"sha256:$(sha256sum <f.tar | cut -d' ' -f1)"
	rlc-image copy tar:- images:standard <f.tar
	equal "$(manifest images:standard)" "$(manifest images:tar)"
	runs 0 rlc-image copy tree:t tar:g.tar
	nothing_left
	runs 1 rlc-image copy images:a tree:t
	has "t: cannot make the tree: File exists"
}

@test "--format and --compress" {
	runs 0 rlc-image copy --format docker images:a other:d
	equal "$(rlc-image stat --json --image other:d | jq -r '.manifest.blob | .mediaType, .config.mediaType, .layers[0].mediaType')" \
		"$(printf 'application/vnd.docker.%s\n' distribution.manifest.v2+json container.image.v1+json image.rootfs.diff.tar.gzip)"
	equal "$(config other:d)" "$(config images:a)"
	runs 0 rlc-image copy --format oci other:d other:o
	equal "$(manifest other:o)" "$(manifest images:a)"
	runs 0 rlc-image copy --compress zstd images:a other:z
	equal "$(rlc-image stat --json --image other:z | jq -r '.manifest.blob.layers[0].mediaType')" \
		application/vnd.oci.image.layer.v1.tar+zstd
	equal "$(config other:z)" "$(config images:a)"
	equal "$(files other:z)" "$(files images:a)"
	runs 0 rlc-image validate --layout other
	runs 2 rlc-image copy --format other images:a other
	runs 2 rlc-image copy --all --compress zstd images:a other
	runs 2 rlc-image copy images:a oci-archive:
	has "the path is missing"
}

@test "--platform and --all" {
	rlc-image new --image images:arm --platform linux/arm64/v8
	rlc-image new --image images:riscv --platform linux/riscv64
	python3 - <<-'END'
		import hashlib, json, os
		index = json.load(open("images/index.json"))
		both = [m for m in index["manifests"]
		        if m["annotations"]["org.opencontainers.image.ref.name"] in ("arm", "riscv")]
		for m, arch in zip(both, ("arm64", "riscv64")):
		    m = m.pop("annotations"), m
		for m, arch in zip(both, ("arm64", "riscv64")):
		    m["platform"] = {"os": "linux", "architecture": arch}
		text = json.dumps({"schemaVersion": 2, "manifests": both}).encode()
		name = hashlib.sha256(text).hexdigest()
		open("images/blobs/sha256/" + name, "wb").write(text)
		index["manifests"] = [{"mediaType": "application/vnd.oci.image.index.v1+json",
		    "digest": "sha256:" + name, "size": len(text),
		    "annotations": {"org.opencontainers.image.ref.name": "both"}}]
		json.dump(index, open("images/index.json", "w"))
	END
	runs 0 rlc-image copy --platform linux/riscv64 images:both one:x
	equal "$(rlc-image stat --json --image one:x | jq -r .config.blob.architecture)" riscv64
	equal "$(find one/blobs/sha256 -type f | wc -l)" 2
	runs 0 rlc-image copy --all images:both two:x
	equal "$(find two/blobs/sha256 -type f | wc -l)" 5
	runs 0 rlc-image copy --all images:both oci-archive:all.tar
	runs 0 rlc-image copy --platform linux/arm64 oci-archive:all.tar three
	equal "$(rlc-image stat --json --image three | jq -r .config.blob.architecture)" arm64
	runs 2 rlc-image copy --all images:both docker-archive:x.tar
	# The other verbs choose likewise
	layer <<<'layer.add("arm", data=b"1")' >arm.tar
	layer <<<'layer.add("more", data=b"2")' >more.tar
	for tar in arm.tar more.tar; do
		rlc-image raw add-layer --platform linux/arm64 --image images:both "$tar"
	done
	runs 0 rlc-image flatten --platform linux/arm64 --image images:both flat.tar
	equal "$(tar -tf flat.tar)" "$(printf '%s\n' arm more)"
	runs 0 rlc-image diff --platform linux/arm64 images:both flat.tar
	runs 1 rlc-image diff --platform linux/riscv64 images:both flat.tar
	runs 0 rlc-image history --platform linux/arm64 --image images:both
	has "$(rlc-image stat --json --platform linux/arm64 --image images:both | jq -r '.manifest.blob.layers[1].digest')"
	runs 0 rlc-image squash --platform linux/arm64 --compress none --image images:both
	equal "$(rlc-image stat --json --platform linux/arm64 --image images:both | jq -r '.manifest.blob.layers[].mediaType')" \
		application/vnd.oci.image.layer.v1.tar
	runs 0 rlc-image validate --layout images
}

# attested: l, an index of an image and of what BuildKit says of it
attested() {
	layout 'image = layout.image(platform={"os": "linux", "architecture": "amd64"})' \
		'word = layout.image(platform={"os": "unknown", "architecture": "unknown"},
		annotations={"vnd.docker.reference.type": "attestation-manifest",
		"vnd.docker.reference.digest": image["digest"]}, manifest={
		"config": layout.doc({"architecture": "unknown", "os": "unknown", "config": {}, "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "1" * 64]}}, CONFIG),
		"layers": [layout.put(b"{}", "application/vnd.in-toto+json")]})' \
		"layout.tag(layout.nest([image, word$1]))"
}

@test "--all: BuildKit's attestations are copied as they are" {
	attested ', layout.image([], {}, {"config": layout.put(b"{}", "application/vnd.oci.empty.v1+json"), "layers": [layout.put(b"[]", "application/vnd.in-toto+json")]}, platform={"os": "unknown", "architecture": "unknown"})'
	runs 0 rlc-image validate --layout l
	rlc-image gc --layout l
	for to in other:a oci-archive:all.tar; do runs 0 rlc-image copy --all l "$to"; done
	runs 0 rlc-image copy --all oci-archive:all.tar third:a
	for copy in other third; do
		runs 0 rlc-image validate --layout "$copy"
		is ''
		diff -r l/blobs "$copy/blobs"
		equal "$(jq -r '.manifests[0].digest' "$copy/index.json")" "$(jq -r '.manifests[0].digest' l/index.json)"
	done
	# the image is still the only one that can be meant
	runs 0 rlc-image copy --platform linux/amd64 other:a plain
	equal "$(find plain/blobs/sha256 -type f | wc -l)" 3
}

@test "a damaged blob of the right size is replaced when it is written again" {
	blob=$(top_layer images:a)
	cp "$blob" good
	chmod u+w "$blob"
	printf '\001' | dd of="$blob" bs=1 seek=40 conv=notrunc status=none
	! cmp -s "$blob" good || return
	runs 1 rlc-image validate --layout images
	rlc-image raw add-layer --image images:a --tag again 1.tar
	cmp "$blob" good
	runs 0 rlc-image validate --layout images
}

@test "--rootless: a tree's owners are records, for root too" {
	runs 0 rlc-image copy --rootless images:a tree:t
	equal "$(stat -c %u t/d/stays)" "$(id -u)"
	equal "$(record t/d/stays)" 0821102c
	runs 0 rlc-image diff --rootless images:a t
}

@test "skopeo reads what is written, and what it writes is read" {
	command -v skopeo >/dev/null || skip "skopeo is missing"
	export HOME=$PWD
	copy() { skopeo --insecure-policy --tmpdir "$PWD" copy "$1" "$2" >log 2>&1 || { cat log; false; }; }
	rlc-image copy images:a docker-archive:d.tar:example/a:1
	rlc-image copy images:a oci-archive:o.tar:t
	copy docker-archive:d.tar:example/a:1 oci:s:docker
	copy oci-archive:o.tar:t oci:s:oci
	copy oci:images:a oci:s:layout
	for tag in docker oci layout; do
		equal "$(config "s:$tag")" "$(config images:a)"
		equal "$(files "s:$tag")" "$(files images:a)"
	done
	copy oci:images:a docker-archive:sd.tar:example/b:2
	copy oci:images:a oci-archive:so.tar:u
	rlc-image copy docker-archive:sd.tar:example/b:2 r:docker
	rlc-image copy oci-archive:so.tar:u r:oci
	for tag in docker oci; do
		equal "$(config "r:$tag")" "$(config images:a)"
		equal "$(files "r:$tag")" "$(files images:a)"
	done
	runs 0 rlc-image validate --layout r
}

@test "--compress goes where layers are, and is done once" {
	for to in tree:t tar:t.tar docker-archive:t.tar:a:b; do
		runs 2 rlc-image copy --compress zstd images:a "$to"
		has "has no compressed layers"
	done
	rlc-image copy images:a docker-archive:d.tar:a:b
	runs 0 rlc-image copy --compress zstd:chunked docker-archive:d.tar other:c
	runs 0 rlc-image gc --layout other
	has ''
	equal "$(rlc-image copy --compress zstd:chunked docker-archive:d.tar once:c && ls once/blobs/sha256 | wc -l)" \
		"$(ls other/blobs/sha256 | wc -l)"
}
