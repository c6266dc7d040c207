# SPDX-License-Identifier: Apache-2.0
# rlc-build: nothing stale, nothing rebuilt without a cause, and --why says the cause.
# environments: user inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat touch
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	cp -r "$BATS_FILE_TMPDIR/base" base
	mkdir -p dir/sub over bound
	echo one >import
	echo two >dir/sub/file
	echo three >over/file
	echo four >bound/file
	cat >stacker.yaml <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports:
		    - import
		    - path: dir
		      dest: /dest/
		      uid: 0
		  overlay_dirs:
		    - source: over
		      dest: /over
		  binds:
		    - bound -> /bound
		  build_env: {VAR: value}
		  run: |
		    cat /bound/file
		  labels: {l: m}
		b:
		  from: {type: built, tag: a}
		  run: touch /b
	END
	FOO_PASSED=1 rlc-build build
}

# unchanged: all is cached
unchanged() {
	runs 0 rlc-build build --why
	has "a: cached" "b: cached"
	lacks building running
}

# rebuilt WHY: a's steps are run again, for that alone
rebuilt() {
	runs 0 rlc-build build --why
	has "a: building: $1
" "a: built"
	unchanged
}

# in_place FILE TEXT: other bytes, as many, at the same time
in_place() {
	touch -r "$1" stamp
	printf '%s\n' "$2" 1<>"$1"
	touch -r stamp "$1"
}

@test "an unchanged build is cached, and quickly so" {
	unchanged
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		start=$(date +%s%N)
		rlc-build build -q
		end=$(date +%s%N)
		[ $((end - start)) -lt 50000000 ] && return
	done
	false
}

@test "what is only touched, written again, linked or beside changes nothing" {
	sleep 0.02
	touch import dir/sub/file over/file bound/file dir over bound
	unchanged
	cat import >copy
	mv copy import
	unchanged
	echo x >beside
	export NOBODY=asked HOME=/elsewhere PATH=$PATH:/nowhere
	unchanged
	cp -r base elsewhere
	rm -r base
	mv elsewhere base
	unchanged
}

@test "content of an import, of the same size and time" {
	in_place import ONE
	rebuilt "import import"
}

@test "content below an import that goes into the image" {
	in_place dir/sub/file TWO
	rebuilt "import to /dest/: dir"
}

@test "a name below an import" {
	mv dir/sub/file dir/sub/elif
	rebuilt "import to /dest/: dir"
}

@test "the mode of an import" {
	chmod 0600 import
	rebuilt "import import"
}

@test "the owner of an import" {
	rlc-chown 5:6 import
	rebuilt "import import"
}

@test "content of an overlay_dir" {
	in_place over/file THREE
	rebuilt "overlay_dir over"
}

@test "content of a bind" {
	in_place bound/file FOUR
	rebuilt "bind bound"
}

@test "the base, under the same tag" {
	mkdir t
	echo x >t/x
	rlc-image insert --image base:base t/x /x
	rebuilt "base, base's manifest"
	# b stands on it
	runs 0 rlc-build build --why
	has "b: cached"
}

@test "the steps, their environment, where imports go, and the rest of the recipe" {
	while IFS='|' read -r edit why; do
		sed -i "$edit" stacker.yaml
		runs 0 rlc-build build --why
		has "a: building: $why, the file's text
" "a: built"
		unchanged
	done <<-'END'
		s/    cat .bound.file/    cat  \/bound\/file/|run
		s/VAR: value/VAR: eulav/|environment of steps: VAR
		s/VAR: eulav/VAR: eulav, W: x/|environment of steps: W (new)
	END
	sed -i 's/VAR: eulav, W: x/W: x/' stacker.yaml
	runs 0 rlc-build build --why
	has "a: building: the file's text, environment of steps: VAR (gone)
"
	sed -i 's|uid: 0|uid: 7|' stacker.yaml
	runs 0 rlc-build build --why
	has "a: building: place, mode and owner of import dir, the file's text"
	sed -i 's|dest: /over|dest: /revo|' stacker.yaml
	runs 0 rlc-build build --why
	has "a: building: place of overlay_dir over, the file's text"
	sed -i 's|/bound$|/bound2|; s|/bound/|/bound2/|' stacker.yaml
	runs 0 rlc-build build --why
	has "a: building: " "place of bind bound"
}

@test "variables that pass through" {
	sed -i 's/  labels/  build_env_passthrough: [FOO_.*]\n  labels/' stacker.yaml
	FOO_PASSED=1 rlc-build build
	FOO_PASSED=1 runs 0 rlc-build build
	has "a: cached"
	FOO_PASSED=2 runs 0 rlc-build build --why
	has "a: building: environment of steps: FOO_PASSED
"
	# what was built before is still known
	FOO_PASSED=1 runs 0 rlc-build build
	has "a: cached"
}

@test "SOURCE_DATE_EPOCH and --compress" {
	SOURCE_DATE_EPOCH=5 runs 0 rlc-build build --why
	has "a: building: SOURCE_DATE_EPOCH, environment of steps: SOURCE_DATE_EPOCH (new)
"
	runs 0 rlc-build build
	has "a: cached"
	runs 0 rlc-build build --compress zstd --why
	has "a: building: compression
"
}

@test "an image that is imported from or applied: by what it has" {
	cat >stacker.yaml <<-'END'
		maker:
		  from: {type: oci, url: "base:base"}
		  run: echo result >/result; echo 1 >/other
		user:
		  from: {type: scratch}
		  imports: [{path: "stacker://maker/result", dest: /}]
		applier:
		  from: {type: oci, url: "base:base"}
		  apply: [maker]
	END
	rlc-build build
	sed -i 's/echo 1/echo 2/' stacker.yaml
	runs 0 rlc-build build --why
	has "maker: building: run, the file's text" "user: configuring, its steps are cached: the file's text" \
		"applier: building: apply stacker://maker, the file's text"
	sed -i 's/echo result/echo tluser/' stacker.yaml
	runs 0 rlc-build build --why
	has "user: building: import to /: stacker://maker/result, the file's text"
}

@test "the configuration alone runs no step again" {
	while IFS='|' read -r edit why; do
		sed -i "$edit" stacker.yaml
		runs 0 rlc-build build --why
		has "a: configuring, its steps are cached: $why" "a: configured anew" "b: configured anew"
		lacks running
		unchanged
	done <<-'END'
		s/{l: m}/{l: n}/|label l, the file's text
		s/{l: n}/{l: n, k: v}/|label k (new), the file's text
		s/  labels/  cmd: x\n  labels/|cmd, the file's text
		s/  labels/  entrypoint: x\n  labels/|entrypoint, the file's text
		s/  labels/  environment: {A: b}\n  labels/|environment A (new), the file's text
		s/  labels/  working_dir: \/w\n  labels/|working_dir, the file's text
		s/  labels/  runtime_user: u\n  labels/|runtime_user, the file's text
		s/  labels/  volumes: [\/v]\n  labels/|volumes, the file's text
		s/  labels/  annotations: {a: b}\n  labels/|annotation a (new), the file's text
		$a # a comment|the file's text
	END
}

@test "what was built before last is still known, and --why speaks of the last" {
	in_place import ONE
	rlc-build build
	in_place import one
	runs 0 rlc-build build --why
	has "a: cached" "b: cached"
	in_place import TWO
	rebuilt "import import"
}

@test "--no-cache, what was never built, and what is gone" {
	runs 0 rlc-build build --no-cache --why
	has "a: building: --no-cache" "b: built"
	rm -r .stacker/cache
	runs 0 rlc-build build --why
	has "a: building: what was built before is gone" "a: built"
	rm .stacker/layout/blobs/sha256/*
	runs 0 rlc-build build --why
	has "a: built" "b: built"
	unchanged
	echo '{' >.stacker/cache/"$(ls .stacker/cache | head -n 1)"
	for f in .stacker/cache/*; do echo '{"layers": 1, "manifest": []}' >"$f"; done
	runs 0 rlc-build build
	has "a: built"
	unchanged
	rm -r oci
	unchanged
	runs 0 rlc-image list --layout oci
	is "a
b"
}

@test "the image of a cached build is the same to the byte" {
	first=$(of_image oci:b .manifest.descriptor.digest)
	rm -r oci
	rlc-build build
	equal "$(of_image oci:b .manifest.descriptor.digest)" "$first"
}

@test "what changes while steps run is not taken for what they had" {
	sed -i 's|cat /bound/file|echo changed >/bound/file|' stacker.yaml
	runs 0 rlc-build build
	has "a: something that it is made of changed meanwhile"
	runs 0 rlc-build build --why
	has "a: building: bind bound"
	runs 0 rlc-build build
	has "a: cached"
}

@test "labels that are generated are of the tree that is there: another script for them runs no steps" {
	sed -i 's/^  labels: {l: m}$/  generate_labels: cat \/dest\/dir\/sub\/file >\/oci-labels\/g/' stacker.yaml
	sed -i 's/^    cat .bound.file$/    echo left >\/stacker\/artifacts\/f/' stacker.yaml
	rlc-build build
	equal "$(of_image oci:a .config.blob.config.Labels.g)" two
	sed -i 's|>/oci-labels/g|/stacker/imports/import >/oci-labels/h|' stacker.yaml
	rm -r .stacker/imports/a
	runs 0 rlc-build build --why
	has "a: configuring, its steps are cached: generate_labels, the file's text" "a: generating labels"
	lacks running "b: building: run"
	equal "$(of_image oci:a .config.blob.config.Labels.h)" "$(printf 'two\none')"
	equal "$(of_image oci:a .config.blob.config.Labels.g)" null
	equal "$(cat .stacker/artifacts/a/f)" left
	unchanged
	rlc-build gc
	sed -i 's/^  overlay_dirs:/  cmd: x\n  overlay_dirs:/' stacker.yaml
	runs 0 rlc-build build
	lacks "generating labels"
	equal "$(of_image oci:a .config.blob.config.Labels.h)" "$(printf 'two\none')"
}

@test "labels that are generated anew: their script, its environment, what it sees" {
	cat >stacker.yaml <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  build_env: {VAR: value}
		  binds: [bound -> /bound]
		  generate_labels: |
		    echo "$VAR" >/oci-labels/g
		    cat /bound/file >/oci-labels/h
		b:
		  from: {type: built, tag: a}
	END
	rlc-build build
	unchanged
	sed -i 's/VAR: value/VAR: other/' stacker.yaml
	runs 0 rlc-build build --why
	has "a: configuring, its steps are cached: environment of steps: VAR, the file's text"
	equal "$(of_image oci:a .config.blob.config.Labels.g)" other
	in_place bound/file FOUR
	runs 0 rlc-build build --why
	has "a: building: bind bound
"
	equal "$(of_image oci:a .config.blob.config.Labels.h)" FOUR
}

# spoil FILE: a byte of it is another, its size and time of change as before
spoil() {
	touch -r "$1" stamp
	printf '\xff' | dd of="$1" bs=1 seek=40 conv=notrunc status=none
	touch -r stamp "$1"
}

# blob LAYOUT:TAG [FILTER]: where a blob of the image is
blob() { echo "${1%%:*}/blobs/sha256/$(of_image "$1" "${2:-.manifest.blob.layers[-1].digest}" | cut -d: -f2)"; }

@test "a blob that was damaged is noticed, wherever it is, and made anew" {
	export SOURCE_DATE_EPOCH=1700000000
	rlc-build build
	unchanged
	for at in oci .stacker/layout; do
		layer=$(blob $at:a)
		cp "$layer" good
		spoil "$layer"
		runs 0 rlc-build build
		has "$layer was damaged, and is made anew"
		same "$layer" good
		runs 0 rlc-image validate --layout oci
		unchanged
		cp good alone
		mv alone "$layer"
		unchanged
		spoil "$layer"
		runs 0 rlc-build build
		has "$layer was damaged, and is made anew"
		same "$layer" good
		unchanged
	done
	manifest=$(blob oci:a .manifest.descriptor.digest)
	config=$(blob oci:a .config.descriptor.digest)
	for file in "$manifest" "$config"; do
		cp "$file" good
		spoil "$file"
		runs 0 rlc-build build
		lacks running
		same "$file" good
		unchanged
	done
	runs 0 rlc-image validate --layout oci
}

@test "a damaged layer of the base is not delivered" {
	rlc-build build
	layer=$(blob oci:a '.manifest.blob.layers[0].digest')
	cp "$layer" good
	cp good alone
	mv alone "base${layer#oci}"
	spoil "$layer"
	runs 0 rlc-build build
	has "$layer was damaged, and is made anew"
	same "$layer" good
	same ".stacker/layout${layer#oci}" good
	unchanged
	spoil "base${layer#oci}"
	rm -r oci
	runs 1 rlc-build build
	has "base${layer#oci}: it does not have its digest"
}

# trusted FILE: as if its bytes had changed without anything that stat(2) could tell
trusted() {
	python3 - "$1" <<-'END'
		import os, struct, sys
		st = os.stat(sys.argv[1])
		sums = bytearray(open(".stacker/sums/@blobs", "rb").read())
		for at in range(24, len(sums), 72):
		    if struct.unpack_from("=QQ", sums, at) == (st.st_dev, st.st_ino):
		        struct.pack_into("=qqq", sums, at + 16, st.st_size, st.st_mtime_ns, st.st_ctime_ns)
		        open(".stacker/sums/@blobs", "wb").write(sums)
		        sys.exit()
		sys.exit("not known")
	END
}

@test "a layer that rots on the disk is found out where it is read, and made anew" {
	layer=.stacker/layout$(blob base:base | cut -c5-)
	cp "$layer" good
	cp good alone
	mv alone "$layer"
	unchanged
	spoil "$layer"
	trusted "$layer"
	unchanged
	rm -r .stacker/store
	sed -i 's/ cat / cat -u /' stacker.yaml
	runs 0 rlc-build build
	has "${layer#*/}" "was damaged, and is made anew" "a: built"
	same "$layer" good
	runs 0 rlc-image validate --layout oci
	unchanged
}

@test "a lost index.json is made anew of what is cached" {
	rlc-build build
	rm oci/index.json
	runs 0 rlc-build build
	has "$PWD/oci/index.json was lost" "a: cached" "b: cached"
	runs 0 rlc-image list --layout oci
	has a b
	rm .stacker/layout/index.json
	runs 1 rlc-build gc
	runs 0 rlc-build build
	has "$PWD/.stacker/layout/index.json was lost" "a: cached" "b: cached"
	lacks running
	unchanged
	rlc-build gc
	unchanged
}
