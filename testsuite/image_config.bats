# SPDX-License-Identifier: Apache-2.0
# rlc-image config: each option, what it says in the history, and the rest of the image as it was.
load lib

setup() {
	rlc_setup
	gen oci 'layout.tag(layout.image(config={"author": "me", "x-unknown": {"kept": [1, 2.5, None]},
		"created": "2020-01-02T03:04:05Z", "config": {"Env": ["PATH=/bin", "A=1"],
		"Cmd": ["old"], "OnBuild": ["x"]}}, manifest={"annotations": {"old": "one"}}))'
}

# config IMAGE EXPRESSION: what Python says of c (the config) and m (the manifest)
config() {
	rlc-image stat --json --image "$1" | /usr/bin/python3 -c 'import json, sys
stat = json.load(sys.stdin)
c, m, h = stat["config"]["blob"], stat["manifest"]["blob"], stat["history"]
print(json.dumps(eval(sys.argv[1])))' "$2"
}

@test "what a container starts with" {
	runs 0 rlc-image config --image l --config.user 5:6 --config.env B=2 --config.env PATH=/usr/bin \
		--config.env EMPTY= --config.env EQUALS=a=b --config.entrypoint /init \
		--config.cmd sh --config.cmd -c --config.cmd "" --config.workingdir /w \
		--config.volume /v --config.volume "/v 2" --config.exposedports 80/tcp \
		--config.label a=b --config.label c= --config.stopsignal SIGHUP
	is ""
	equal "$(config l 'c["config"]["Env"]')" \
		'["PATH=/usr/bin", "A=1", "B=2", "EMPTY=", "EQUALS=a=b"]'
	equal "$(config l 'c["config"]["Cmd"]')" '["sh", "-c", ""]'
	equal "$(config l 'c["config"]["Entrypoint"]')" '["/init"]'
	equal "$(config l 'c["config"]["User"]')" '"5:6"'
	equal "$(config l 'c["config"]["WorkingDir"]')" '"/w"'
	equal "$(config l 'c["config"]["Volumes"]')" '{"/v": {}, "/v 2": {}}'
	equal "$(config l 'c["config"]["ExposedPorts"]')" '{"80/tcp": {}}'
	equal "$(config l 'c["config"]["Labels"]')" '{"a": "b", "c": ""}'
	equal "$(config l 'c["config"]["StopSignal"]')" '"SIGHUP"'
	equal "$(config l 'c["config"]["OnBuild"]')" '["x"]'
	equal "$(config l 'c["x-unknown"]')" '{"kept": [1, 2.5, null]}'
	runs 0 rlc-image validate --layout l
}

@test "the image itself, by umoci's old words too" {
	rlc-image config --image l --tag new --author you --created 2021-02-03T04:05:06.5+01:00 \
		--platform.os plan9 --platform.arch arm --platform.variant v7 \
		--manifest.annotation k=v=w
	equal "$(config l:new '[c[k] for k in ("author", "created", "os", "architecture", "variant")]')" \
		'["you", "2021-02-03T04:05:06.5+01:00", "plan9", "arm", "v7"]'
	equal "$(config l:new 'm["annotations"]')" '{"old": "one", "k": "v=w"}'
	equal "$(config l 'c["author"]')" '"me"'
	rlc-image config --image l --os solaris --architecture sparc
	equal "$(config l '[c["os"], c["architecture"]]')" '["solaris", "sparc"]'
	rlc-image config --image l:new --platform.variant "" --author ""
	equal "$(config l:new '[k in c for k in ("variant", "author")]')" '[false, false]'
}

@test "clear comes first, wherever it stands" {
	rlc-image config --image l --config.env N=1 --clear config.env --config.label x=y \
		--config.volume /v --config.exposedports 1 --layer.annotation 1:a=b
	equal "$(config l 'c["config"]["Env"]')" '["N=1"]'
	equal "$(config l 'm["layers"][0]["annotations"]')" '{"a": "b"}'
	rlc-image config --image l --clear config.labels --clear config.volume \
		--clear config.exposedports --clear config.cmd --clear config.entrypoint \
		--clear manifest.annotations --clear layer.annotations
	equal "$(config l 'sorted(c["config"])')" '["Env", "OnBuild"]'
	equal "$(config l '["annotations" in m, "annotations" in m["layers"][0]]')" '[false, false]'
}

@test "the history" {
	SOURCE_DATE_EPOCH=1600000000 rlc-image config --image l --config.user a
	equal "$(config l 'c["history"][-1]')" \
		'{"created": "2020-09-13T12:26:40Z", "created_by": "rlc-image config", "author": "me", "empty_layer": true}'
	rlc-image config --image l --config.user b --no-history
	equal "$(config l 'len(c["history"])')" 2
	rlc-image config --image l --config.user c --history.author A --history.comment C \
		--history.created 2001-01-01T00:00:00Z --history.created_by B
	equal "$(config l 'c["history"][-1]')" \
		'{"created": "2001-01-01T00:00:00Z", "created_by": "B", "author": "A", "comment": "C", "empty_layer": true}'
	equal "$(config l 'h[0]["layer"] == m["layers"][0]')" true
}

@test "the same work makes the same bytes" {
	cp -a l l2
	for dir in l l2; do
		SOURCE_DATE_EPOCH=1 rlc-image config --image $dir --config.user x --config.label a=b
	done
	same l/index.json l2/index.json
	diff -r l l2
}

@test "what cannot be is refused, and nothing is changed" {
	cp -a l before
	runs 2 rlc-image config --image l --config.env NOVALUE
	has "'NOVALUE' is not KEY=VALUE"
	runs 2 rlc-image config --image l --config.label =x
	runs 2 rlc-image config --image l --manifest.annotation x
	runs 2 rlc-image config --image l --created yesterday
	has "--created: 'yesterday' is no time"
	runs 2 rlc-image config --image l --history.created 2020-02-30T00:00:00Z
	runs 2 rlc-image config --image l --clear rootfs.diffids
	has "'rootfs.diffids' is nothing that can be cleared"
	runs 2 rlc-image config --image l --layer.annotation 0:a=b
	runs 1 rlc-image config --image l --layer.annotation 2:a=b
	has "2:a=b: there is no layer of that number"
	runs 2 rlc-image config --image l --no-history --history.author x
	has "--no-history leaves no place for --history.*"
	runs 2 rlc-image config --image l --tag -x
	has "--tag: '-x' is no tag"
	runs 1 rlc-image config --image l:none --author x
	has "l:none: there is no such tag"
	runs 2 rlc-image config --image l --config.usr x
	has "did you mean '--config.user'?"
	diff -r before l
}

@test "parts of a wrong type are not written over" {
	for part in '"Env": "x"' '"Labels": [1]' '"Volumes": 5' '"ExposedPorts": "80"'; do
		rm -rf l
		gen oci "layout.tag(layout.image(config={'config': {$part}}))"
		cp l/index.json before
		runs 1 rlc-image config --image l --config.env A=1 --config.label a=b \
			--config.volume /v --config.exposedports 1
		has "rlc-image config: latest: cannot change the config: malformed"
		same l/index.json before
	done
	rm -rf l
	gen oci 'layout.tag(layout.image(config={"config": None, "history": None}))'
	runs 0 rlc-image config --image l --config.env A=1
	equal "$(config l 'c["config"]')" '{"Env": ["A=1"]}'
}

@test "Docker's images stay Docker's" {
	rm -rf l
	gen oci 'layout.tag(layout.image([layout.layer(media=DOCKER_LAYER)], docker=True))'
	rlc-image config --image l --author x
	equal "$(config l '[m["mediaType"], m["config"]["mediaType"], m["layers"][0]["mediaType"]]')" \
		'["application/vnd.docker.distribution.manifest.v2+json", "application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"]'
	runs 0 rlc-image validate --layout l
}

@test "umoci and skopeo read what was written, and the other way round" {
	command -v umoci && command -v skopeo || skip "umoci or skopeo is not installed"
	rlc-image config --image l --config.user a --config.cmd x --config.label "l=<&>"
	umoci stat --json --image l >theirs
	rlc-image stat --json --image l >ours
	/usr/bin/python3 -c 'import json
assert json.load(open("theirs"))["history"] == json.load(open("ours"))["history"]'
	umoci config --image l --config.user b --config.env Z=9
	equal "$(config l '[c["config"]["User"], c["config"]["Env"][-1]]')" '["b", "Z=9"]'
	skopeo copy -q oci:l:latest oci:m:copy
	runs 0 rlc-image validate --layout m
	runs 0 rlc-image validate --layout l
	equal "$(config m:copy 'c["config"]["Labels"]')" '{"l": "<&>"}'
}
