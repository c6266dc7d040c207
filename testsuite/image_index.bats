# SPDX-License-Identifier: Apache-2.0
# rlc-image: images of several platforms; which one is meant, and the index verbs.
load lib

# author IMAGE [OPTION...]: what platforms() of gen/oci.py wrote into the image's config
author() {
	rlc-image stat --json --image "$@" | /usr/bin/python3 -c \
		'import json, sys; print(json.load(sys.stdin)["config"]["blob"].get("author"))'
}

# platforms IMAGE: the first words that index list prints, in one line
platforms() { rlc-image index list --image "$1" | cut -d' ' -f1 | paste -sd' '; }

@test "--platform chooses, and without it this machine's" {
	gen oci 'layout.tag(layout.platforms("linux/arm64", "linux/amd64", "linux/arm/v6",
		"linux/arm/v7", "windows/amd64"))'
	equal "$(author l --platform linux/arm64)" linux/arm64
	equal "$(author l --platform linux/arm64/v8)" linux/arm64
	equal "$(author l --platform linux/aarch64)" linux/arm64
	equal "$(author l --platform linux/arm/v6)" linux/arm/v6
	equal "$(author l --platform linux/arm)" linux/arm/v7
	equal "$(author l --platform windows/amd64)" windows/amd64
	[ "$(uname -m)" != x86_64 ] || equal "$(author l)" linux/amd64
	runs 1 rlc-image stat --image l --platform linux/s390x
	has "rlc-image stat: l:latest: has no image for that platform"
	runs 1 rlc-image stat --image l --platform linux/arm/v5
	runs 2 rlc-image stat --image l --platform linux/
	runs 2 rlc-image stat --image l --platform linux/arm/v6/x
}

@test "one image alone is taken whatever it is for, but not against --platform" {
	gen oci 'layout.tag(layout.image(config={"architecture": "s390x", "author": "me"}))' \
		'layout.tag(layout.nest([layout.image(config={"architecture": "s390x",
		"author": "nested"})]), "nested")'
	equal "$(author l)" me
	equal "$(author l:nested)" nested
	equal "$(author l --platform linux/s390x)" me
	runs 1 rlc-image stat --image l --platform linux/amd64
}

@test "several that fit are an error, one without variant is preferred" {
	gen oci 'layout.tag(layout.platforms("linux/amd64/v2", "linux/amd64", "linux/amd64/v3"))' \
		'layout.tag(layout.platforms("linux/amd64/v2", "linux/amd64/v3"), "two")' \
		'layout.tag(layout.image(config={"author": "a"}), "flat")' \
		'layout.tag(layout.image(config={"author": "b", "architecture": "arm64"}), "flat")'
	equal "$(author l --platform linux/amd64)" linux/amd64
	equal "$(author l --platform linux/amd64/v3)" linux/amd64/v3
	runs 1 rlc-image stat --image l:two --platform linux/amd64
	has "l:two: several images fit, name one by --platform"
	equal "$(author l:flat --platform linux/arm64)" b
	equal "$(author l:flat --platform linux/amd64)" a
}

@test "indexes in indexes, Docker's list, and BuildKit's attestations" {
	gen oci 'layout.tag(layout.nest([layout.nest([layout.platforms("linux/amd64"),
		layout.platforms("linux/arm64", "linux/s390x")]),
		layout.image(config={"author": "no image"}, platform={"os": "unknown",
		"architecture": "unknown"})]))' \
		'layout.tag(layout.nest([layout.image(docker=True, config={"author": "docker"})],
		DOCKER_LIST), "docker")'
	equal "$(author l --platform linux/s390x)" linux/s390x
	equal "$(platforms l)" "linux/amd64 linux/arm64 linux/s390x"
	equal "$(author l:docker)" docker
	runs 0 rlc-image validate --layout l
	rlc-image config --image l:docker --author new
	equal "$(author l:docker)" new
	runs 0 rlc-image validate --layout l
	rlc-image stat --json --image l:docker >ours
	grep -c vnd.docker.distribution.manifest.v2 ours
	! grep vnd.oci.image.manifest ours
}

@test "nesting has an end, and so have circles" {
	gen oci 'd = layout.image(config={"author": "deep"})' \
		'deep = d' 'for _ in range(16): deep = layout.nest([deep])' \
		'layout.tag(deep, "sixteen")' 'layout.tag(layout.nest([deep]), "seventeen")' \
		'wide = [layout.nest([d], annotations={"n": str(n)}) for n in range(3)]' \
		'layout.tag(layout.nest(wide + wide + [d, d]), "wide")' \
		'open("l/blobs/sha256/" + "0" * 64, "w").write("x")' \
		'circle = {"mediaType": INDEX, "digest": "sha256:" + "0" * 64, "size": 1}' \
		'layout.tag(layout.nest([circle]), "circle")'
	equal "$(author l:sixteen)" deep
	runs 1 rlc-image stat --image l:seventeen
	has "nested too deeply"
	equal "$(author l:wide)" deep
	runs 1 rlc-image stat --image l:circle
	has "does not have its digest"
}

@test "a changed image of an index takes its place, and the others stay" {
	gen oci 'layout.tag(layout.nest([layout.platforms("linux/amd64", "linux/arm64"),
		layout.image(config={"architecture": "s390x", "author": "s"},
		platform={"os": "linux", "architecture": "s390x"})], annotations={"my": "own"}))'
	rlc-image config --image l --platform linux/arm64 --author changed
	equal "$(platforms l)" "linux/s390x linux/amd64 linux/arm64"
	equal "$(author l --platform linux/arm64)" changed
	equal "$(author l --platform linux/amd64)" linux/amd64
	equal "$(author l --platform linux/s390x)" s
	grep -F '"my":"own"' l/index.json
	rlc-image config --image l --tag other --platform linux/s390x --author again
	equal "$(author l:other --platform linux/s390x)" again
	equal "$(author l:other --platform linux/arm64)" changed
	equal "$(author l --platform linux/s390x)" s
	equal "$(rlc-image ls --layout l)" "$(printf 'latest\nother')"
	rlc-image config --image l --platform linux/amd64 --platform.variant v3
	equal "$(author l --platform linux/amd64/v3)" linux/amd64
	rlc-image gc --layout l
	runs 0 rlc-image validate --layout l
}

@test "a tag that stands for several images: the changed one alone is replaced" {
	gen oci 'layout.tag(layout.image(config={"author": "a"}))' \
		'layout.tag(layout.image(config={"author": "b", "architecture": "arm64"}))'
	rlc-image config --image l --platform linux/arm64 --author new
	equal "$(author l --platform linux/arm64)" new
	equal "$(author l --platform linux/amd64)" a
	rlc-image tag --image l all
	equal "$(platforms l:all)" "linux/amd64 linux/arm64"
	rlc-image tag --image l all
	equal "$(platforms l:all)" "linux/amd64 linux/arm64"
}

@test "two who change two platforms at once lose nothing" {
	gen oci 'layout.tag(layout.platforms(*["linux/p%d" % n for n in range(8)]))'
	for n in 0 1 2 3 4 5 6 7; do
		rlc-image config --image l --platform linux/p$n --author "new $n" 3>&- &
	done
	wait
	for n in 0 1 2 3 4 5 6 7; do equal "$(author l --platform linux/p$n)" "new $n"; done
	equal "$(rlc-image index list --image l | wc -l)" 8
}

@test "index add, list, merge and remove" {
	gen oci 'layout.tag(layout.image(config={"author": "a"}), "a")' \
		'layout.tag(layout.image(config={"author": "b", "architecture": "arm64"}), "b")' \
		'layout.tag(layout.image(config={"author": "c", "architecture": "arm64"}), "c")' \
		'layout.tag(layout.platforms("linux/amd64", "linux/ppc64le"), "i")'
	runs 0 rlc-image index add --image l:multi a b
	is ""
	equal "$(platforms l:multi)" "linux/amd64 linux/arm64"
	rlc-image index add --image l:multi c
	equal "$(author l:multi --platform linux/arm64)" c
	equal "$(platforms l:multi)" "linux/amd64 linux/arm64"
	rlc-image index add --image l:multi --platform linux/ppc64le i
	equal "$(platforms l:multi)" "linux/amd64 linux/arm64 linux/ppc64le"
	rlc-image index merge --image l:multi i
	equal "$(author l:multi --platform linux/amd64)" linux/amd64
	equal "$(platforms l:multi)" "linux/amd64 linux/arm64 linux/ppc64le"
	rlc-image index add --image l:a b
	equal "$(platforms l:a)" "linux/amd64 linux/arm64"
	rlc-image index rm --image l:multi --platform linux/arm64
	equal "$(platforms l:multi)" "linux/amd64 linux/ppc64le"
	runs 1 rlc-image index remove --image l:multi --platform linux/arm64
	has "multi: has no image for that platform"
	runs 1 rlc-image index add --image l:multi nothing
	has "there is no such tag"
	runs 1 rlc-image index merge --image l:multi nothing
	has "there is no such tag"
	runs 1 rlc-image index list --image l:nothing
	has "there is no such tag"
	runs 2 rlc-image index remove --image l:multi
	has "--platform is missing"
	runs 2 rlc-image index add --image l:multi
	has "an operand is missing"
	runs 0 rlc-image index list --json --image l:multi
	/usr/bin/python3 -c 'import json, sys
lines = [json.loads(line) for line in sys.argv[1].split("\n")]
assert lines[1]["platform"] == {"architecture": "ppc64le", "os": "linux"}, lines
assert lines[1]["size"] > 0' "$output"
	runs 0 rlc-image validate --layout l
}

@test "index remove goes through nested indexes, and what is about the image goes too" {
	gen oci 'amd, arm = [layout.image(config={"architecture": a, "author": a},
		platform={"os": "linux", "architecture": a}) for a in ("amd64", "arm64")]' \
		'about = layout.image(config={"author": "about"}, platform={"os": "unknown",
		"architecture": "unknown"}, annotations={"vnd.docker.reference.digest": arm["digest"]})' \
		'layout.tag(layout.nest([amd, layout.nest([about, arm])]))'
	rlc-image index remove --image l --platform linux/arm64
	equal "$(platforms l)" linux/amd64
	rlc-image gc --layout l
	runs 0 rlc-image validate --layout l
	! grep -r '"about"' l/blobs
}

@test "skopeo reads what index add wrote" {
	command -v skopeo || skip "skopeo is not installed"
	gen oci 'layout.tag(layout.image(config={"author": "a"}), "a")' \
		'layout.tag(layout.image(config={"author": "b", "architecture": "arm64"}), "b")'
	rlc-image index add --image l:multi a b
	skopeo inspect --override-arch arm64 --config oci:l:multi | grep '"author": "b"'
	skopeo inspect --raw oci:l:multi >raw
	grep vnd.oci.image.index raw
}
