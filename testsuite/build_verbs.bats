# SPDX-License-Identifier: Apache-2.0
# rlc-build: options that all verbs have, and the verbs that look at images or hand them on.
# environments: user tmpfs oldkernel inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh ls cat id mkdir stat touch rm ln sleep env chown chmod
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
}

# The file, from standard input
file() { cat >stacker.yaml; }

config_of() { of_image "$1" ".config.blob.config$2"; }

@test "options stand before the verb or behind it; substitutions" {
	mkdir w
	file <<-'END'
		${{NAME}}:
		  from: {type: scratch}
		  labels: {dir: "${{STACKER_OCI_DIR}}", d: "${{D:e}}", f: "${{F}}"}
	END
	echo 'F: from file' >subst.yaml
	runs 0 rlc-build --work-dir w --oci-dir out build --substitute NAME=n --substitute-file subst.yaml
	equal "$(config_of out:n .Labels | jq -c .)" "{\"dir\":\"$PWD/out\",\"d\":\"e\",\"f\":\"from file\"}"
	[ -d w/.stacker ]
	[ ! -e .stacker ]
	runs 0 rlc-build build --stacker-dir other --oci-dir w/oci --substitute NAME=n --substitute F=g -q
	is ""
	equal "$(config_of w/oci:n .Labels.f)" g
	runs 2 rlc-build buidl
	has "did you mean 'build'?"
	runs 2 rlc-build build --layer-type squashfs
	has "rlc-build makes tar layers alone"
	runs 2 rlc-build build --debug --quiet
	runs 0 rlc-build build --layer-type tar --storage-type overlay --substitute NAME=n --substitute F=g --log-file log --log-timestamp
	is ""
	grep -E '^....-..-.. ..:..:.. n: built$' log
}

@test "--config says where things are" {
	file <<-'END'
		a:
		  from: {type: scratch}
	END
	printf 'stacker_dir: s\noci_dir: o\nrootfs_dir: r\n' >conf.yaml
	runs 0 rlc-build --config conf.yaml build
	[ -d s ]
	[ -d o ]
	[ ! -e oci ]
	runs 0 rlc-build --config conf.yaml --oci-dir p build
	[ -d p ]
	runs 1 rlc-build --config none.yaml build
	has "none.yaml"
}

# made: an image b on a, of two files
made() {
	mkdir -p x/y
	file <<-'END'
		config:
		  prerequisites: [x/other.yaml]
		b:
		  from: {type: built, tag: a}
		  imports: [stacker.yaml]
		  run: echo made >/made; mkdir -p /d/e; echo f >/d/e/f
		  annotations: {"org.x": "y\u001b"}
	END
	cat >x/other.yaml <<-'END'
		a:
		  from: {type: oci, url: "../base:base"}
	END
	rlc-build build
}

@test "--order-only says what would be built, and builds nothing" {
	made
	rlc-build clean
	runs 0 rlc-build build --order-only
	is "a
b"
	[ ! -e oci ]
}

@test "inspect: layers, annotations and configuration, of one image or of all" {
	made
	said() { # TAG
		echo "$1"
		of_image "oci:$1" '.manifest.blob.layers | to_entries[] |
			"\tlayer \(.key): \(.value.digest[7:19])... (\(.value.size) bytes, \(.value.mediaType))"'
		echo Annotations:
		[ "$1" = a ] || printf '%s\n' '  org.x: y\033'
		printf '  io.stackeroci.stacker.stacker_yaml: '
		[ "$1" = a ] && set -- a x/other.yaml || set -- b stacker.yaml
		sed -z 's/\\/\\134/g; s/\n/\\012/g; s/$/\n/' "$2"
		echo Image config:
		of_image "oci:$1" .config.blob
	}
	# The configuration: by what it says, its keys are in an order of their own
	sorted() { sed '/^[{} ]/{/^  [a-z]/!d}; /^[{}]/d' | sort; }
	runs 0 rlc-build inspect b
	equal "$(sorted <<<"$output")" "$(said b | sorted)"
	sed '1,/^Image config:/d' <<<"$output" | jq -S . >shown
	of_image oci:b .config.blob | jq -S . | diff shown -
	runs 0 rlc-build inspect
	equal "$(sorted <<<"$output")" "$({ said a; said b; } | sorted)"
	runs 1 rlc-build inspect none
	has "there is no such tag"
	runs 1 rlc-build --oci-dir nowhere inspect
	has "nowhere"
	runs 2 rlc-build inspect a b
}

@test "grab: a file, a directory, what is in one; what is not there is named, and 1" {
	made
	runs 0 rlc-build grab b:/made
	is ""
	equal "$(cat made)" made
	runs 0 rlc-build grab b:d/e
	equal "$(cat e/f)" f
	mkdir in
	cd in
	runs 0 rlc-build --work-dir .. grab b:/d/e/.
	equal "$(cat f)" f
	rm f
	for path in none /none /none/f /made/f /d/e/none; do
		runs 1 rlc-build --work-dir .. grab "b:$path"
		has "${path##*/}: "
		equal "$(ls -A)" ""
	done
	runs 1 rlc-build --work-dir .. grab none:/made
	has "none: there is no such tag"
	for word in b b: :/made; do
		runs 2 rlc-build grab "$word"
		has "'$word' is not TAG:PATH"
	done
}

@test "chroot: a command, a shell, in the image that is named or the first; nothing of it stays" {
	made
	runs 0 rlc-build chroot b sh -c 'cat /made /stacker/imports/stacker.yaml; rm /made; touch /x'
	has made "  prerequisites:"
	runs 7 rlc-build exec b sh -c 'cat /made; test ! -e /x; echo $?; exit 7'
	is "made
0"
	runs 0 rlc-build chroot b -- cat /made
	is made
	# without a command: /bin/sh, which reads the terminal or what is there instead
	echo 'echo "$((40 + 2)) $(cat /made)"; exit 5' >script
	runs 5 rlc-build chroot b <script
	is "42 made"
	# without a tag: the first of the file
	runs 5 rlc-build chroot <script
	is "42 made"
	echo 'cat /made' >script
	runs 1 rlc-build chroot -f x/other.yaml <script
	has "/made"
	rm stacker.yaml
	runs 0 rlc-build chroot b cat /made
	is made
	runs 1 rlc-build chroot none
	has "none: there is no such tag"
	runs 2 rlc-build chroot
	has "there is no 'stacker.yaml', and no image is named"
}

@test "check says what there is" {
	runs 0 rlc-build check
	equal "${lines[0]}" "kernel: $(uname -sr)"
	if records; then equal "${lines[1]}" "owners: kept in records"; else equal "${lines[1]}" "owners: real"; fi
	# whether mount says the same of the place where trees are
	mkdir -p .stacker/{l,u,w,m}
	if unshare -rm mount -t overlay over -o userxattr,lowerdir=.stacker/l,upperdir=.stacker/u,workdir=.stacker/w .stacker/m; then
		equal "${lines[2]}" "overlay: can be mounted"
	else
		equal "${lines[2]}" "overlay: cannot be mounted; trees are copied"
	fi
	equal "${#lines[@]}" 3
}

@test "recursive-build: the files beneath a directory that a pattern finds" {
	made
	mv x/other.yaml x/y/stacker.yaml
	sed -i 's|\.\./base|../../base|' x/y/stacker.yaml
	printf 'c:\n  from: {type: scratch}\n' >x/odd.yaml
	runs 0 rlc-build recursive-build -d x
	is "a: configured anew"
	runs 1 rlc-build recursive-build -d x -p nothing
	is "rlc-build recursive-build: x: has no file to build"
	runs 0 rlc-build recursive-build -d x -p 'y/s.*yaml$'
	is "a: cached"
	runs 0 rlc-build recursive-build -d x -p 'o.*yaml$' --order-only
	is "c"
	cd x
	runs 0 rlc-build recursive-build
	is "a: built"
	printf 'd:\n  from: {type: scratch}\n' >stacker.yml
	mkdir -p .stacker/imports/d
	cp stacker.yml .stacker/imports/d
	runs 0 rlc-build recursive-build
	equal "$(sort <<<"$output")" "a: cached
d: built"
}

@test "publish to a layout, under the name and each tag" {
	file <<-'END'
		a:
		  from: {type: scratch}
		b:
		  from: {type: scratch}
		  build_only: true
		c:
		  from: {type: scratch}
	END
	runs 1 rlc-build publish --url oci:pub --tag v1
	has "has to be built before it is published"
	rlc-build build
	runs 0 rlc-build publish --url oci:pub --tag v1 --show-only
	has "would publish a to oci:pub:a_v1"
	[ ! -e pub ]
	rlc-build publish --url oci:pub --tag v1 --tag latest --image a
	runs 0 rlc-image list --layout pub
	has a_latest a_v1
	lacks c_
	runs 1 rlc-build publish --url oci:pub --tag v2 --image aa
	has "aa: there is no such image"
	rlc-build publish --url oci:pub --tag v2
	runs 0 rlc-image list --layout pub
	has a_v2 c_v2
	lacks b_v2
	runs 2 rlc-build publish --url docker://some.where/x --tag v1
	has "skopeo copy takes it to a registry"
}

@test "publish --force takes what was built before; what was never built is an error" {
	file <<-'END'
		a:
		  from: {type: scratch}
		  labels: {l: old}
	END
	runs 1 rlc-build publish --url oci:pub --tag v1 --force
	has "there is no such tag"
	rlc-build build
	sed -i s/old/new/ stacker.yaml
	runs 1 rlc-build publish --url oci:pub --tag v1
	has "a: has to be built before it is published"
	[ ! -e pub ]
	runs 0 rlc-build publish --url oci:pub --tag v1 --force
	is "publishing a to oci:pub:a_v1"
	equal "$(config_of pub:a_v1 .Labels.l)" old
	rlc-build build
	runs 0 rlc-build publish --url oci:pub --tag v1
	equal "$(config_of pub:a_v1 .Labels.l)" new
	runs 0 rlc-image validate --layout pub
	runs 0 rlc-image list --layout pub
	is a_v1
}

@test "publish -d and -p: the images of the files that they find" {
	mkdir -p x/y
	printf 'a:\n  from: {type: scratch}\n' >x/stacker.yaml
	printf 'b:\n  from: {type: scratch}\n' >x/y/stacker.yml
	printf 'c:\n  from: {type: scratch}\n' >x/y/other.yaml
	rlc-build recursive-build -d x -p 'ya?ml$'
	runs 0 rlc-build publish -d x --url oci:pub --tag v1
	equal "$(sort <<<"$output")" "publishing a to oci:pub:a_v1
publishing b to oci:pub:b_v1"
	runs 0 rlc-build publish --search-dir x --stacker-file-pattern 'other.yaml$' --url oci:pub2 --tag v1
	is "publishing c to oci:pub2:c_v1"
	runs 0 rlc-build publish -f x/y/other.yaml --url oci:pub3 --tag v1
	is "publishing c to oci:pub3:c_v1"
	for tag in pub:a_v1 pub:b_v1 pub2:c_v1 pub3:c_v1; do depth "$tag"; done
	runs 1 rlc-build publish -d x -p none --url oci:pub --tag v1
	is "rlc-build publish: x: has no file to build"
	runs 2 rlc-build publish -d x --url oci:pub
	has "--tag is missing"
	runs 2 rlc-build publish -d x --tag v1
	has "--url is missing"
}

@test "gc leaves what images need; clean leaves nothing" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: touch /one
	END
	rlc-build build
	sed -i s/one/two/ stacker.yaml
	rlc-build build
	blobs=$(ls .stacker/layout/blobs/sha256 | wc -l)
	layers=$(ls .stacker/store/layers | wc -l)
	cache=$(ls .stacker/cache | wc -l)
	runs 0 rlc-build gc
	is ""
	[ "$(ls .stacker/layout/blobs/sha256 | wc -l)" -lt "$blobs" ]
	[ "$(ls .stacker/store/layers | wc -l)" -eq $((layers - 1)) ]
	[ "$(ls .stacker/cache | wc -l)" -lt "$cache" ]
	runs 0 rlc-build build
	is "a: cached"
	runs 0 rlc-image validate --layout oci
	exec 8<.stacker/store
	flock -s 8
	runs 1 rlc-build clean
	has "somebody is building"
	exec 8<&-
	rlc-build clean --all
	[ ! -e oci ] && [ ! -e .stacker ] && [ -e stacker.yaml ]
}
