# SPDX-License-Identifier: Apache-2.0
# rlc-image's verbs on layouts and tags: init, new, list, tag, remove, gc, stat.
load lib

blobs() { ls l/blobs/sha256 | LC_ALL=C sort; }

@test "init makes an empty layout, which may be there already if it is empty" {
	runs 0 rlc-image init --layout l
	is ""
	equal "$(cat l/oci-layout)" '{"imageLayoutVersion":"1.0.0"}'
	equal "$(/usr/bin/python3 -c 'import json; print(json.load(open("l/index.json"))["manifests"])')" "[]"
	runs 1 rlc-image init --layout l
	is "rlc-image init: l: cannot make the layout: File exists"
	mkdir empty
	runs 0 rlc-image init --layout empty
	runs 0 rlc-image ls --layout empty
	mkdir other
	echo mine >other/file
	runs 1 rlc-image init --layout other
	equal "$(ls -A other)" file
}

@test "the tag begins behind the first colon" {
	rlc-image init --layout l
	rlc-image new --image l:d:e
	runs 0 rlc-image ls --layout l
	is d:e
	# so that a layout with one in its name could not be named
	runs 2 rlc-image init --layout l:d
	has "'l:d': of a name with a colon --image would take a part for a tag"
	[ ! -e l:d ]
}

@test "init goes on with what an interrupted one left" {
	rlc-image init --layout l
	rm l/oci-layout
	touch l/.rlc-0123456789abcdef
	runs 1 rlc-image ls --layout l
	has "l: is no image layout, it has no oci-layout"
	runs 0 rlc-image init --layout l
	runs 0 rlc-image validate --layout l
	equal "$(ls -A l | tr '\n' ' ')" "blobs index.json oci-layout "
	rm l/oci-layout
	echo '{}' >l/index.json
	runs 1 rlc-image init --layout l
	equal "$(cat l/index.json)" '{}'
}

@test "wrong words get the nearest right ones" {
	runs 2 rlc-image unitialise
	has "rlc-image: unitialise: no such verb"
	runs 2 rlc-image tga
	has "tga: no such verb; did you mean 'tag'?"
	runs 2 rlc-image raw unpakc
	has "raw unpakc: no such verb; did you mean 'raw unpack'?"
	runs 2 rlc-image index
	has "index: one of these words must follow: list, add, merge, remove"
	runs 2 rlc-image
	has "the verb is missing"
	runs 2 rlc-image ls
	has "rlc-image list: --layout is missing"
	runs 2 rlc-image new --image l:
	has "what follows the colon is no tag"
	runs 2 rlc-image new --image :a
	has "the directory is empty"
	runs 2 rlc-image new --image l:a more
	has "more: one operand too many"
	runs 2 rlc-image init --layout ''
	has "the directory is empty"
}

@test "--help lists the verbs, each has help of its own, and umoci's options before the verb" {
	runs 0 rlc-image --help
	has "list, ls" "remove, rm" "validate"
	runs 0 rlc-image rm --help
	has "Usage: rlc-image remove --image DIR[:TAG]"
	runs 0 rlc-image --verbose --log debug init --layout l
	runs 0 rlc-image --version
	has "rlc-image "
}

@test "new, tag, list and rm" {
	rlc-image init --layout l
	runs 0 rlc-image new --image l
	runs 0 rlc-image new --image l:one
	runs 0 rlc-image tag --image l:one two.0/x:y
	runs 0 rlc-image ls --layout l
	is "$(printf 'latest\none\ntwo.0/x:y')"
	equal "$(rlc-image stat --image l:one | sed -n 's/^\tDigest/&/p')" \
		"$(rlc-image stat --image l:two.0/x:y | sed -n 's/^\tDigest/&/p')"
	runs 0 rlc-image rm --image l:one
	runs 0 rlc-image list --layout l
	is "$(printf 'latest\ntwo.0/x:y')"
	runs 0 rlc-image remove --image l:one
	is "rlc-image remove: one: there is no such tag, so nothing was removed"
	runs 1 rlc-image tag --image l:one three
	has "one: there is no such tag"
	runs 2 rlc-image tag --image l ..
	has "'..' is no tag"
	runs 0 rlc-image tag --image l latest
	runs 0 rlc-image tag --image l:two.0/x:y latest
	runs 0 rlc-image ls --layout l
	is "$(printf 'two.0/x:y\nlatest')"
	runs 0 rlc-image validate --layout l
}

@test "new: --platform, and the same bytes under SOURCE_DATE_EPOCH" {
	rlc-image init --layout l
	SOURCE_DATE_EPOCH=1700000000 rlc-image new --image l:a --platform linux/arm/v7
	SOURCE_DATE_EPOCH=1700000000 rlc-image new --image l:b --platform linux/arm/v7
	equal "$(blobs | wc -l)" 2
	runs 0 rlc-image stat --image l:a
	has "Created: 2023-11-14T22:13:20Z" "Architecture: arm (v7)" "OS: linux"
	runs 2 rlc-image new --image l:c --platform linux
	has "'linux' is not OS/ARCH[/VARIANT]"
}

@test "gc removes what nothing leads to, and what killed writers left" {
	gen oci 'layout.tag(layout.platforms("linux/amd64", "linux/arm64"))' \
		'layout.tag(layout.image(), "a")' 'layout.put(b"lost", "x/y")' \
		'layout.tag(layout.put(b"unknown", "x/y"), "b")' 'layout.image([])'
	touch l/.rlc-0123456789abcdef l/blobs/sha256/readme
	before=$(blobs)
	runs 0 rlc-image gc --layout l
	is ""
	equal "$(comm -23 <(echo "$before") <(blobs) | wc -l)" 3
	[ ! -e l/.rlc-0123456789abcdef ]
	[ -e l/blobs/sha256/readme ]
	rm l/blobs/sha256/readme
	runs 0 rlc-image validate --layout l
	after=$(blobs)
	rlc-image gc --layout l
	equal "$(blobs)" "$after"
	for tag in latest a b; do rlc-image rm --image "l:$tag"; done
	rlc-image gc --layout l
	equal "$(blobs)" ""
}

@test "gc removes nothing where a document is damaged, and does without one that is missing" {
	gen oci 'layout.tag(layout.image())' 'layout.put(b"lost", "x/y")'
	manifest=$(rlc-image stat --json --image l | /usr/bin/python3 -c \
		'import json, sys; print(json.load(sys.stdin)["manifest"]["descriptor"]["digest"][7:])')
	before=$(blobs)
	printf x | dd of="l/blobs/sha256/$manifest" conv=notrunc status=none
	runs 1 rlc-image gc --layout l
	has "l/blobs/sha256/$manifest: does not have its digest"
	equal "$(blobs)" "$before"
	rm "l/blobs/sha256/$manifest"
	runs 0 rlc-image gc --layout l
	equal "$(blobs)" ""
}

@test "gc waits for those who write" {
	rlc-image init --layout l
	touch l/.rlc-0123456789abcdef
	flock -s l sh -c 'touch held; while [ ! -e go ]; do sleep 0.05; done' 3>&- &
	while [ ! -e held ]; do sleep 0.05; done
	rlc-image gc --layout l 3>&- &
	gc=$!
	sleep 0.3
	[ -e l/.rlc-0123456789abcdef ]
	touch go
	wait "$gc"
	[ ! -e l/.rlc-0123456789abcdef ]
	wait
}

@test "many who tag at once lose nothing" {
	rlc-image init --layout l
	rlc-image new --image l:start
	for n in 1 2 3 4 5 6 7 8 9; do rlc-image tag --image l:start "t$n" 3>&- & done
	for n in 1 2 3 4 5 6 7 8 9; do rlc-image new --image "l:n$n" 3>&- & done
	rlc-image gc --layout l
	wait
	equal "$(rlc-image ls --layout l | wc -l)" 19
	runs 0 rlc-image validate --layout l
}

@test "stat shows manifest, config and history as umoci does" {
	gen oci 'd = layout.layer()' \
		'layout.tag(layout.image([d], {"author": "me & you", "created": "2020-01-02T03:04:05Z",
		"variant": "v2", "history": [{"created": "2020-01-01T00:00:00Z", "created_by": "a b"},
		{"created": "2020-01-01T00:00:01Z", "created_by": "x\ty", "empty_layer": True,
		"comment": "c"}], "config": {"User": "u", "Cmd": ["sh", "-c", ""], "WorkingDir": "/w",
		"Env": ["A=1,2"], "ExposedPorts": {"80/tcp": {}, "1/udp": {}}, "Volumes": {"/v w": {}},
		"Labels": {"b": "\u00e9\u200b", "a": ""}, "StopSignal": "9"}}))' \
		'print(d[0]["digest"], d[0]["size"])' >layer
	read -r digest size <layer
	runs 0 rlc-image stat --image l
	has "== MANIFEST ==" "Schema Version: 2" "Author: \"me & you\"" "Created: 2020-01-02T03:04:05Z"
	has "Architecture: amd64 (v2)" "	User: u" "		sh" '		""' '		"A=1,2"' \
		"	Exposed Ports: 1/udp, 80/tcp" '	Volumes: "/v w"' '		b: "é\u200b"' \
		'		a: ""' "	Stop Signal: 9" "	Working Directory: /w"
	is_history=$(sed -n '/^LAYER/,$p' <<<"$output")
	equal "$is_history" "$(printf '%s\n' \
		"LAYER                                                                   CREATED              CREATED BY SIZE   COMMENT" \
		"$digest 2020-01-01T00:00:00Z a b        ${size}B   " \
		'<none>                                                                  2020-01-01T00:00:01Z "x\ty"     <none> c')"
	rlc-image stat --json --image l >ours
	/usr/bin/python3 - "$digest" <<-'EOF'
	import json, sys
	stat = json.load(open("ours"))
	assert stat["history"][0]["layer"]["digest"] == sys.argv[1]
	assert stat["history"][0]["diff_id"] == stat["config"]["blob"]["rootfs"]["diff_ids"][0]
	assert stat["history"][1] == {"layer": None, "diff_id": "", "created": "2020-01-01T00:00:01Z",
		"created_by": "x\ty", "comment": "c", "empty_layer": True}
	assert stat["manifest"]["blob"]["layers"][0] == stat["history"][0]["layer"]
	assert stat["manifest"]["descriptor"]["annotations"] == {
		"org.opencontainers.image.ref.name": "latest"}
	EOF
}

@test "stat, ls and gc read no layer, and what they read is read-only" {
	gen oci 'layout.tag(layout.image())' 'layer = layout.layer()[0]["digest"][7:]' \
		'import subprocess; layout.write()' 'open("layer", "w").write(layer)'
	for verb in "stat --image l" "ls --layout l" "gc --layout l" "tag --image l new"; do
		runs 0 strace -f -e trace=openat,openat2 -o calls rlc-image $verb
		grep -F '"index.json"' calls
		equal "$(grep -cF "$(cat layer)" calls)" 0
	done
	# which would be seen
	strace -f -e trace=openat,openat2 -o calls rlc-image validate --layout l
	grep -F "$(cat layer)" calls
	chmod -R a-w l
	runs 0 rlc-image stat --image l
	runs 0 rlc-image validate --layout l
	runs 0 rlc-image ls --layout l
	chmod -R u+w l
}

@test "100 images: ls, stat and tag open what they need of one, gc each document once" {
	gen oci 'for n in range(100): layout.tag(layout.image(config={"author": str(n)}), "t%d" % n)'
	for verb in "ls --layout l" "stat --image l:t50" "tag --image l:t50 new"; do
		runs 0 strace -f -e trace=openat,openat2 -o calls rlc-image $verb
		grep -F '"index.json"' calls
		[ "$(grep -c open calls)" -lt 20 ]
	done
	equal "$(rlc-image ls --layout l | wc -l)" 101
	strace -f -e trace=openat,openat2 -o calls rlc-image gc --layout l
	grep -o '"[0-9a-f]\{64\}"' calls | sort >opened
	# each manifest at least
	[ "$(wc -l <opened)" -ge 100 ]
	equal "$(uniq -d opened)" ''
	[ "$(grep -c open calls)" -lt 230 ]
}
