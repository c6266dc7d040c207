# SPDX-License-Identifier: Apache-2.0
# rlc-image validate: it finds what is wrong, all of it, and says where; and hostile layouts do no
# verb any harm.
load lib

# wrong TEXT...: validate fails, and says each of these
wrong() {
	runs 1 rlc-image validate --layout l
	has "$@"
}

@test "good images of all kinds are good" {
	layout 'layout.tag(layout.image())' \
		'layout.tag(layout.image([layout.layer(media=m) for m in (LAYER, LAYER + "+gzip")]), "a")' \
		'layout.tag(layout.image([layout.layer(media=DOCKER_LAYER)], docker=True), "docker")' \
		'layout.tag(layout.platforms("linux/amd64", "linux/arm/v7"), "index")' \
		'layout.tag(layout.image([]), "empty")' 'layout.put(b"unreferenced", "x/y")' \
		'layout.tag(layout.put(b"some other thing", "text/plain"), "text")' \
		'layout.tag(layout.image(manifest={"config": layout.put(b"{}", "application/vnd.oci.empty.v1+json"), "layers": [layout.put(b"x", "text/plain")]}), "artifact")' \
		'layout.index["annotations"] = {"a": "b"}'
	runs 0 rlc-image validate --layout l
	is ""
	runs 0 rlc-image validate --json --layout l
	is ""
}

@test "blobs: missing, of another size, of another digest, and no blobs" {
	layout 'd, i = layout.layer()' 'layout.tag(layout.image([(d, i)]))' \
		'open("layer", "w").write(d["digest"][7:])'
	layer=l/blobs/sha256/$(cat layer)
	cp "$layer" good
	printf x | dd of="$layer" bs=1 seek=30 conv=notrunc status=none
	wrong "$(cat layer): it does not have its digest"
	printf x >>"$layer"
	wrong "layers[0].size: is not the size of the blob"
	rm "$layer"
	wrong "layers[0].digest: there is no such blob"
	ln -s "$PWD/good" "$layer"
	wrong "layers[0].size: is not the size of the blob, or that is no file"
	rm "$layer"
	mkfifo "$layer"
	wrong "or that is no file"
	rm "$layer"
	cp good "$layer"
	runs 0 rlc-image validate --layout l
	touch l/blobs/sha256/readme
	ln -s / "l/blobs/sha256/$(printf '%064d' 0)"
	printf y >"l/blobs/sha256/$(printf '%064d' 1)"
	wrong "blobs/sha256/readme: its name is no digest" "0000: is no file" \
		"0001: it does not have its digest"
	equal "$(wc -l <<<"$output")" 3
	rm l/blobs/sha256/[!0-9a-f]* l/blobs/sha256/000*
	touch "l/blobs/sha256/"$'\033[2J\n\377'
	runs 1 rlc-image validate --layout l
	is 'blobs/sha256/\033[2J\012\377: its name is no digest'
	runs 1 rlc-image validate --json --layout l
	is '{"file":"blobs/sha256/\u001b[2J\u000a\udcff","at":"","problem":"its name is no digest"}'
}

@test "layers: content that lies" {
	layout 'd, i = layout.layer()' 'e, j = layout.layer({"a": b"b"}, LAYER)' \
		'layout.tag(layout.image([(d, j)]), "a")' \
		'layout.tag(layout.image([(dict(d, mediaType=LAYER + "+zstd"), i)]), "b")' \
		'layout.tag(layout.image([(dict(d, mediaType=LAYER), i)]), "c")' \
		'layout.tag(layout.image([(dict(e, mediaType=LAYER + "+gzip"), j)]), "d")' \
		'layout.tag(layout.image([(dict(e, mediaType="text/plain"), j)]), "e")' \
		'layout.tag(layout.image([(layout.put(b"\x1f\x8b\x08\x00cut", LAYER + "+gzip"), j)]), "f")' \
		'layout.tag(layout.image([(d, i), (e, j)]), "good")'
	wrong "its content does not have its diff_id" "is not compressed as its media type says" \
		"layers[0].mediaType: is not that of a layer" "gzip"
	equal "$(wc -l <<<"$output")" 6
}

@test "configs" {
	bad() { # KEY PYTHON TEXT
		layout "layout.tag(layout.image(config={'$1': $2}))"
		wrong "$3"
		equal "$(wc -l <<<"$output")" 1
	}
	bad os '""' "os: is empty"
	bad os 5 "os: is no text"
	bad architecture None "architecture: is missing"
	bad created '"2020-13-01T00:00:00Z"' "created: is no time"
	bad author '[]' "author: is no text"
	bad config '[]' "config: is no object"
	bad config '{"Env": ["A=1", 2]}' "config.Env: has something that is no text"
	bad config '{"Labels": {"a": 1}}' "config.Labels: has a value of a wrong type"
	bad config '{"Volumes": {"/a": 1}}' "config.Volumes: has a value of a wrong type"
	bad config '{"User": {}}' "config.User: is no text"
	bad history '{}' "history: is no list"
	bad history '[]+[{"created_by": "x"}, {}]' "history: has not as many entries with a layer"
	bad history '[{"created": "now"}]' "history[0].created: is no time"
	bad history '[{"empty_layer": True}, {"empty_layer": 0}]' \
		"history[1].empty_layer: is neither true nor false"
	bad history '[{}, 5, {"empty_layer": True}][:2][1:]' "history[0]: is no object"
	bad rootfs 'None' "rootfs: is missing or no object"
	bad rootfs '{"type": "files", "diff_ids": [layout.layer()[1]]}' "rootfs.type: is not"
	bad rootfs '{"type": "layers", "diff_ids": []}' "rootfs.diff_ids: are not as many"
	bad rootfs '{"type": "layers", "diff_ids": ["sha256:0"]}' "rootfs.diff_ids[0]: is no sha256"
}

@test "manifests, indexes and descriptors" {
	bad() { # TEXT STATEMENT...
		layout "${@:2}"
		wrong "$1"
	}
	bad "schemaVersion: is not 2" 'layout.tag(layout.image(manifest={"schemaVersion": 1}))'
	bad "schemaVersion: is not 2" 'layout.index["schemaVersion"] = "2"'
	bad "mediaType: is not what refers to it says" \
		'layout.tag(layout.image(manifest={"mediaType": INDEX}))'
	bad "is a manifest and an index at once" 'layout.tag(layout.image(manifest={"manifests": []}))'
	bad "annotations: has a value of a wrong type" \
		'layout.tag(layout.image(manifest={"annotations": {"a": 1}}))'
	bad "annotations: has an empty key" 'layout.tag(layout.image(manifest={"annotations": {"": ""}}))'
	bad "annotations: is no object" 'layout.tag(layout.image(manifest={"annotations": "a"}))'
	bad "layers: is missing or no list" 'layout.tag(layout.image(manifest={"layers": {}}))'
	bad "layers[0]: a descriptor is no object" 'layout.tag(layout.image(manifest={"layers": [1]}))'
	bad "config: a descriptor has no digest" 'layout.tag(layout.image(manifest={"config": {}}))'
	bad "manifests: is missing or no list" 'layout.tag(layout.doc({"schemaVersion": 2}, INDEX))'
	bad "mediaType: is not that of an index" 'layout.index["mediaType"] = MANIFEST'
	bad "manifests[0].mediaType: is missing" 'd = layout.image()' 'del d["mediaType"]' 'layout.tag(d)'
	bad "mediaType: is no media type" 'layout.tag(layout.image(mediaType="x"))'
	bad "a descriptor's size is missing or none" 'layout.tag(layout.image(size=-1))'
	bad "a descriptor's size is missing or none" 'layout.tag(layout.image(size=1.5))'
	bad "index.json: a number is too large" 'layout.tag(layout.image(size=10**30))'
	bad "a digest is none" 'layout.tag(layout.image(digest="sha256:" + "A" * 64))'
	bad "a digest is no sha256" 'layout.tag(layout.image(digest="sha512:" + "0" * 128))'
	bad "a digest is none" 'layout.tag(layout.image(digest="sha256:../../../etc/passwd"))'
	bad "manifests[0].platform.os: is missing" 'layout.tag(layout.image(platform={"architecture": "a"}))'
	bad "manifests[0].urls: has something" 'layout.tag(layout.image(urls=[1]))'
	bad "annotations.org.opencontainers.image.ref.name: is no tag" 'layout.tag(layout.image(), "a b")'
	bad "no object" 'layout.tag(layout.doc([], MANIFEST))'
	bad "no JSON" 'layout.tag(layout.doc(b"{", MANIFEST)); layout.tag(layout.doc(b"x", MANIFEST))'
	bad "a key stands there twice" 'layout.tag(layout.doc(b"{\"a\":1,\"a\":2}", MANIFEST))'
	bad "no UTF-8" 'layout.tag(layout.doc(b"{\"a\":\"\xff\"}", MANIFEST))'
	bad "too many levels of nesting" 'layout.tag(layout.doc(b"[" * 100000, MANIFEST))'
	bad "something follows the document" 'layout.tag(layout.doc(b"{}{}", MANIFEST))'
}

@test "it goes on to find all, and --json is for programs" {
	layout 'layout.index["manifests"].append(5)' 'layout.index["manifests"].append({})'
	wrong "index.json: a descriptor is no object"
	layout 'd, i = layout.layer()' \
		'layout.tag(layout.image([(d, i), (d, "sha256:" + "0" * 64)], {"os": 1}, {"annotations": 5}))' \
		'layout.tag(layout.image(size=1), "bad\n")'
	runs 1 rlc-image validate --json --layout l
	/usr/bin/python3 - "$output" <<-'EOF'
	import json, sys
	faults = [json.loads(line) for line in sys.argv[1].split("\n")]
	assert all(sorted(f) == ["at", "file", "problem"] for f in faults)
	assert sorted(f["at"] for f in faults) == ["", "annotations",
		"manifests[1].annotations.org.opencontainers.image.ref.name", "manifests[1].size", "os"], faults
	EOF
}

@test "what is no layout" {
	runs 1 rlc-image validate --layout l
	has "rlc-image validate: l: cannot open: No such file or directory"
	mkdir l
	runs 1 rlc-image validate --layout l
	has "l: is no image layout, it has no oci-layout"
	echo '{"imageLayoutVersion":"2.0.0"}' >l/oci-layout
	runs 1 rlc-image ls --layout l
	has "l/oci-layout: a version that rlc does not know"
	echo '{"imageLayoutVersion":"1.0.0"}' >l/oci-layout
	runs 1 rlc-image ls --layout l
	has "l/index.json: cannot open: No such file or directory"
	ln -s /etc/passwd l/index.json
	runs 1 rlc-image ls --layout l
	has "l/index.json: cannot open"
	rm l/index.json
	mkfifo l/index.json
	runs 1 timeout 10 "$RLC" image ls --layout l
	has "l/index.json: cannot open: malformed"
	rm l/index.json
	truncate -s 2G l/index.json
	runs 1 rlc-image ls --layout l
	has "l/index.json: cannot read: File too large"
}

@test "hostile documents: every verb says what is wrong, and is done soon" {
	hostile() { # TEXT STATEMENT...
		layout "${@:2}"
		cp l/index.json before
		for verb in "stat --image l" "stat --json --image l" "config --image l --author x" \
			"unpack --image l bundle"; do
			runs 1 timeout 20 rlc-image $verb
			has "$1"
		done
		same l/index.json before
		[ ! -e bundle/rootfs/etc ]
	}
	hostile "as many diff_ids" 'layout.tag(layout.image(config={"rootfs": {"type": "layers", "diff_ids": []}}))'
	hostile "a diff_id is no sha256" 'layout.tag(layout.image(config={"rootfs": {"type": "layers", "diff_ids": [1]}}))'
	hostile "its config has another media type" 'd = layout.image()' 'layout.tag(layout.image(manifest={"config": d}))'
	hostile "its schema is not version 2" 'layout.tag(layout.image(manifest={"schemaVersion": 1}))'
	hostile "has no schemaVersion" 'layout.tag(layout.doc({}, MANIFEST))'
	hostile "a manifest and an index at once" 'layout.tag(layout.image(manifest={"manifests": []}))'
	hostile "its media type is not what refers to it says" 'layout.tag(layout.image(manifest={"mediaType": INDEX}))'
	hostile "No such file" 'layout.tag(dict(layout.image(), digest="sha256:" + "0" * 64))'
	hostile "does not have the size" 'layout.tag(layout.image(size=5))'
	hostile "no document may have over 4 MiB" 'layout.tag(layout.image(size=2**31))'
	hostile "no document may have over 131072 values" 'layout.tag(layout.doc(b"[" + b"0," * 300000 + b"0]", MANIFEST))'
	hostile "too many levels" 'layout.tag(layout.doc(b"[" * 100000, MANIFEST))'
	hostile "its layers are no list" 'layout.tag(layout.image(manifest={"layers": {}}))'
	hostile "a descriptor has no digest" 'layout.tag(layout.image(manifest={"layers": [{}]}))'
	hostile "is no image" 'layout.tag(layout.put(b"{}", "text/plain"))'
	hostile "its history is no list" 'layout.tag(layout.image(config={"history": 5}))'
}

@test "a 2 GiB config is refused before it is read" {
	layout 'layout.tag(layout.image(manifest={"config": {"mediaType": CONFIG, "size": 2**31, "digest": "sha256:" + "0" * 64}}))'
	truncate -s 2G "l/blobs/sha256/$(printf '%064d' 0)"
	runs 1 bash -c 'ulimit -v 200000; exec rlc-image stat --image l'
	has "no document may have over 4 MiB"
}

@test "nothing outside the layout is read or written by way of a symlink" {
	layout 'd = layout.image()' 'layout.tag(d)' 'open("top", "w").write(d["digest"][7:])'
	mv l/blobs/sha256 elsewhere
	ln -s "$PWD/elsewhere" l/blobs/sha256
	cp -a elsewhere kept
	runs 1 rlc-image stat --image l
	has "l/blobs/sha256: cannot open"
	runs 1 rlc-image gc --layout l
	runs 1 rlc-image new --image l:x
	diff -r elsewhere kept
	rm l/blobs/sha256
	mv elsewhere l/blobs/sha256
	mv "l/blobs/sha256/$(cat top)" out
	ln -s ../../../out "l/blobs/sha256/$(cat top)"
	runs 1 rlc-image stat --image l
	has "cannot open: "
	rm "l/blobs/sha256/$(cat top)"
	mkfifo "l/blobs/sha256/$(cat top)"
	runs 1 timeout 10 rlc-image stat --image l
	has "is no file"
}
