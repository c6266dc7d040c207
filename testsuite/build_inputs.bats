# SPDX-License-Identifier: Apache-2.0
# rlc-build: each thing that an image is made of, changed alone, with its size and times as they were,
# makes its steps run again; nothing else does.
# environments: user inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat touch
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
	mkdir t
	echo 1 >t/extra
	rlc-image copy tree:t extra:latest
}

setup() {
	rlc_setup
	export PASSED=one
	mkdir p
	cd p
	cp -r "$BATS_FILE_TMPDIR/base" "$BATS_FILE_TMPDIR/extra" .
	mkdir -p dir/sub/deep content over/sub bound/sub
	for f in import hashed dir/sub/file dir/sub/twin content/file over/sub/file bound/sub/file; do
		echo one >$f
	done
	for d in dir/sub content over/sub bound/sub; do
		ln -s file $d/link
		mkfifo $d/fifo
	done
	cp -a import other
	cp -a dir rid
	cp -a over rove
	cp -a bound dnuob
	cat >stacker.yaml <<-'END'
		maker:
		  from: {type: oci, url: "base:base"}
		  run: echo one >/made; echo one >/more
		a:
		  from: {type: oci, url: "base:base"}
		  imports:
		    - import
		    - {path: hashed, hash: HASH}
		    - {path: dir, dest: /dest/, uid: 10, gid: 20, mode: 0640}
		    - {path: content/, dest: /c}
		    - stacker://maker/made
		    - {path: "stacker://maker/made", dest: /m}
		  overlay_dirs: [{source: over, dest: /over}]
		  binds: [{source: bound, dest: /bound}]
		  apply: ["oci:extra:latest"]
		  build_env: {VAR: one}
		  build_env_passthrough: ["^PASSE."]
		  run: [cat /over/sub/file, echo 1 >/ran]
		  environment: {E: one}
		  labels: {l: one}
		  annotations: {n: one}
		  entrypoint: one
		  cmd: one
		  working_dir: /one
		  runtime_user: one
		  volumes: [/one]
		  generate_labels: echo 1 >/oci-labels/g
		full:
		  from: {type: scratch}
		  full_command: one
		  os: linux
		  arch: amd64
		late:
		  from: {type: tar, url: t.tar}
	END
	tar cf t.tar import
	sed -i "s/HASH/$(sha256sum hashed | cut -d' ' -f1)/" stacker.yaml
	cp -a stacker.yaml good.yaml
	sleep 0.03 # what has just changed may change again unseen, and its sum is not kept
	rlc-build build -q
	rlc-build build -q
}

# unchanged: all is cached
unchanged() {
	runs 0 rlc-build build --why "$@"
	equal "$(sort <<<"$output")" "a: cached
full: cached
late: cached
maker: cached"
}

# edit SED [FILE]: other text, as long, and as old
edit() {
	local file=${2:-stacker.yaml}
	cp -a "$file" before
	sed -i "$1" "$file"
	touch -r before "$file"
	equal "$(stat -c '%s %y' "$file")" "$(stat -c '%s %y' before)"
	if cmp -s before "$file"; then
		echo "nothing is changed by $1"
		return 1
	fi
}

# in_place FILE TEXT: the same file with other bytes, as many, at the same time
in_place() {
	touch -r "$1" stamp
	printf '%s\n' "$2" 1<>"$1"
	touch -r stamp "$1"
	rm stamp
}

# rebuilt WHY [IMAGE]: its steps are run again, for that alone
rebuilt() {
	runs 0 rlc-build build --why
	if ! grep -qxF "${2:-a}: building: $1" <<<"$output"; then
		printf 'not for "%s":\n%s\n' "$1" "$output"
		return 1
	fi
	has "${2:-a}: built"
	unchanged
}

# changed WHY COMMAND...: it makes the steps of a run again; taken back it does so no more
changed() {
	"${@:2}"
	rebuilt "$1"
}

@test "content, of the same size and time" {
	unchanged
	changed "import import" in_place import two
	changed "import to /dest/: dir" in_place dir/sub/file two
	changed "import to /c: content" in_place content/file two
	changed "overlay_dir over" in_place over/sub/file two
	changed "bind bound" in_place bound/sub/file two
	changed "import import" in_place import 'tw '
	in_place hashed two
	runs 1 rlc-build build
	has "the hash of '$PWD/hashed' is"
}

# each of them has a file, a link, a FIFO somewhere below
each_place() { # FUNCTION
	"$1" dir/sub "import to /dest/: dir"
	"$1" content "import to /c: content"
	"$1" over/sub "overlay_dir over"
	"$1" bound/sub "bind bound"
}

# keeping DIR COMMAND...: the directory has the time that it had
keeping() {
	touch -r "$1" "$WORK/stamp"
	"${@:2}"
	touch -r "$WORK/stamp" "$1"
}

@test "where symlinks lead, names, modes, owners, attributes, kinds, links and empty directories below" {
	relink() { keeping "$1" ln -sfn elif "$1/link"; }
	rename() { keeping "$1" mv "$1/link" "$1/knil"; }
	add_dir() { keeping "$1" mkdir "$1/empty"; }
	rename_dir() { keeping "$1" mv "$1/empty" "$1/ytpme"; }
	no_fifo() { keeping "$1" rm "$1/fifo"; }
	empty_file() { keeping "$1" touch "$1/fifo"; }
	all() {
		changed "$2" relink "$1"
		changed "$2" rename "$1"
		changed "$2" chmod 0604 "$1/file"
		changed "$2" chmod 0604 "$1/fifo"
		changed "$2" chmod 0705 "$1"
		changed "$2" chmod 4755 "$1/file"
		changed "$2" rlc-chown 5 "$1/file"
		changed "$2" rlc-chown :5 "$1/file"
		changed "$2" rlc-chown -h 5 "$1/knil"
		changed "$2" rlc-chown 5 "$1"
		changed "$2" setfattr -n user.x -v 1 "$1/file"
		changed "$2" setfattr -n user.x -v 2 "$1/file"
		changed "$2" setfattr -n user.y -v 2 "$1"
		changed "$2" add_dir "$1"
		changed "$2" rename_dir "$1"
		changed "$2" no_fifo "$1"
		changed "$2" empty_file "$1"
	}
	each_place all
	changed "import import" chmod 0604 import
	changed "import import" rlc-chown 5 import
	changed "import import" rlc-chown :5 import
	changed "import import" setfattr -n user.x -v 1 import
}

@test "two files of one content, or one by two names" {
	one() { keeping dir/sub ln -f dir/sub/file dir/sub/twin; }
	two() { keeping dir/sub cp --remove-destination -p dir/sub/file dir/sub/twin; }
	linked() { # what the layer has
		rlc-tar tvf "$(top_layer oci:a)" | grep -c 'link to' || :
	}
	equal "$(linked)" 0
	one
	rlc-build build
	runs 0 rlc-build build --no-cache
	cold=$(linked)
	two
	rlc-build build
	one
	rlc-build build
	equal "$(linked)" "$cold"
}

@test "the recipe: what steps are made of" {
	while IFS='|' read -r sed why; do
		edit "$sed"
		rebuilt "$why"
	done <<-'END'
		s/VAR: one/VAR: two/|environment of steps: VAR, the file's text
		s/VAR: two/RAV: two/|environment of steps: RAV (new), the file's text, environment of steps: VAR (gone)
		s/echo 1 >.ran/echo 2 >\/ran/|run, the file's text
		s/uid: 10/uid: 11/|place, mode and owner of import dir, the file's text
		s/gid: 20/gid: 21/|place, mode and owner of import dir, the file's text
		s/mode: 0640/mode: 0600/|place, mode and owner of import dir, the file's text
		s/source: over/source: rove/|overlay_dir rove (new), place of overlay_dir rove (new), the file's text, overlay_dir over (gone), place of overlay_dir over (gone)
		s/dest: .over/dest: \/rove/;s/cat .over/cat \/rove/|run, place of overlay_dir rove, the file's text
		s/source: bound/source: dnuob/|bind dnuob (new), place of bind dnuob (new), the file's text, bind bound (gone), place of bind bound (gone)
		s/dest: .bound/dest: \/dnuob/|place of bind dnuob, the file's text
		s/path: dir/path: rid/|import to /dest/: rid (new), place, mode and owner of import rid (new), the file's text, import to /dest/: dir (gone), place, mode and owner of import dir (gone)
		s/dest: .dest./dest: \/tsed\//|import to /tsed/: rid (new), place, mode and owner of import rid, the file's text, import to /dest/: rid (gone)
		s/dest: .m}/dest: \/k}/|import to /k: stacker://maker/made (new), place, mode and owner of import stacker://maker/made, the file's text, import to /m: stacker://maker/made (gone)
	END
	edit 's/path: content.,/path: content ,/'
	rebuilt "place, mode and owner of import content, the file's text"
}

@test "what an earlier image has, an applied one, a base of each kind, variables that pass, compression" {
	edit 's/echo one >.made/echo two >\/made/'
	runs 0 rlc-build build --why
	has "maker: building: run, the file's text" \
		"a: building: import stacker://maker/made, import to /m: stacker://maker/made, the file's text"
	unchanged
	edit 's/echo one >.more/echo two >\/more/'
	runs 0 rlc-build build --why
	has "maker: building: run, the file's text" "a: configuring, its steps are cached: the file's text"
	unchanged
	in_place import two
	runs 0 rlc-build build
	tar cf t2.tar --mtime=@0 import
	tar cf t.tar --mtime=@0 import
	runs 0 rlc-build build -q
	in_place import six
	tar cf t2.tar --mtime=@0 import
	touch -r t.tar stamp
	cat t2.tar 1<>t.tar
	touch -r stamp t.tar
	runs 0 rlc-build build --why
	has "late: building: from t.tar
" "late: built"
	unchanged
	cp good.yaml stacker.yaml
	runs 0 rlc-build build -q
	PASSED=two runs 0 rlc-build build --why
	has "a: building: environment of steps: PASSED
"
	unset PASSED
	runs 0 rlc-build build --why
	has "a: building: environment of steps: PASSED (gone)
"
	PASSER=two runs 0 rlc-build build --why
	has "a: building: environment of steps: PASSER (new)
"
	export PASSED=one
	unchanged
	mkdir t
	echo 2 >t/extra
	rlc-image copy tree:t extra:latest
	rebuilt "apply extra:latest"
	rlc-image copy tree:t base:base
	runs 1 rlc-build build --why # there is no shell in it
	has "maker: building: base, base's manifest
"
}

@test "of two things of an earlier image one is another" {
	cat >stacker.yaml <<-'END'
		maker:
		  from: {type: oci, url: "base:base"}
		  run: echo 1 >/made; echo 1 >/more
		user:
		  from: {type: scratch}
		  imports: [{path: "stacker://maker/made", dest: /}, {path: "stacker://maker/more", dest: /}]
	END
	rlc-build build
	edit 's/echo 1 >.more/echo 2 >\/more/'
	runs 0 rlc-build build --why
	has "user: building: import to /: stacker://maker/more, the file's text
"
	runs 0 rlc-build grab user:more
	equal "$(cat more)" 2
}

@test "the configuration: it alone is made anew" {
	while IFS='|' read -r sed why image; do
		edit "$sed"
		runs 0 rlc-build build --why
		has "${image:-a}: configuring, its steps are cached: $why, the file's text
" "${image:-a}: configured anew"
		lacks running
		unchanged
	done <<-'END'
		s/{E: one/{E: two/|environment E
		s/{l: one/{l: two/|label l
		s/{n: one/{n: two/|annotation n
		s/entrypoint: one/entrypoint: two/|entrypoint
		s/ cmd: one/ cmd: two/|cmd
		s/working_dir: .one/working_dir: \/two/|working_dir
		s/runtime_user: one/runtime_user: two/|runtime_user
		s/volumes: ..one/volumes: [\/two/|volumes
		s/os: linux/os: xunil/|os|full
		s/arch: amd64/arch: arm64/|arch|full
		s/>.oci-labels.g/>\/oci-labels\/h/|generate_labels
		s/full_command: one/full_command: two/|full_command|full
	END
	runs 0 rlc-build build --why --annotations-namespace other
	has "a: configuring, its steps are cached: annotations' namespace
"
	lacks running
	runs 0 rlc-build build
	# the base's configuration is inherited, and no part of a step
	rlc-image config --image base:base --config.label new=1
	runs 0 rlc-build build --why
	has "maker: configuring, its steps are cached: base's manifest
"
	lacks running
	equal "$(of_image oci:a .config.blob.config.Labels.new)" 1
}

@test "text that says the same runs no step" {
	while read -r sed; do
		cp -a good.yaml stacker.yaml
		sed -i "$sed" stacker.yaml
		runs 0 rlc-build build
		lacks running
		has "a: configured anew"
		cp -a good.yaml stacker.yaml
		runs 0 rlc-build build
		lacks running
	done <<-'END'
		1i # a comment
		s/VAR: one/VAR: "one"/
		s/  build_env: .*/  build_env:\n    VAR: one/
		/labels: {l/{h;d};/volumes/G
		/  build_env: /{h;d};/volumes/G
		s/{path: dir, dest: .dest.,/{dest: \/dest\/, path: dir,/
		s/{source: over, dest: .over}/{dest: \/over, source: over}/
		s/{source: over, dest: .over}/{source: .\/over, dest: "\/over"}/
		s/  binds: .*/  binds: [bound -> \/bound]/
		s/"^PASSE."/"^PASSED$"/
		s/mode: 0640/mode: 0o640/
		$afourth:\n  from: {type: scratch}
		s/^a:/&  # here/
	END
}

@test "what it is not made of" {
	find . -exec touch -h -d '2001-02-03' {} +
	unchanged
	find . -type f -exec cat {} + >/dev/null
	unchanged
	for f in import dir/sub/file over/sub/file bound/sub/file t.tar; do
		cp -a $f copy
		mv copy $f
	done
	unchanged
	ln import ../second
	unchanged
	unset HOME
	export NOBODY=asked TERM=x LANG=de_DE.UTF-8 LC_ALL=C TZ=America/New_York TMPDIR=/nowhere USER=x RLC_X=y
	unchanged
	unchanged --substitute NOBODY=asked --jobs 1
	umask 077
	unchanged
	edit 's/$/ /;s/ $//;s/base/sabe/' other || :
	echo beside >beside
	unchanged --oci-dir elsewhere
	rm -r .stacker/imports .stacker/artifacts .stacker/logs oci
	unchanged
	[ ! -e .stacker/imports ]
	rlc-build gc
	unchanged
	# the name of the directory, and the way to it
	mv ../p ../q
	cd ../q
	unchanged
	ln -s q ../r
	cd ../r
	unchanged
	cd ..
	unchanged -f q/stacker.yaml --work-dir q
	unchanged -f "$PWD/q/stacker.yaml" --stacker-dir r/.stacker
}

@test "a substitution: by what it stands for" {
	sed -i 's/VAR: one/VAR: ${{WORD:one}}/' stacker.yaml
	unchanged
	unchanged --substitute WORD=one
	unchanged --substitute OTHER=two
	runs 0 rlc-build build --why --substitute WORD=two
	has "a: building: environment of steps: VAR, the file's text
"
	echo 'WORD: two' >subst.yaml
	unchanged --substitute-file subst.yaml
}

@test "the name, the old form of imports, whether owners are real" {
	cat >stacker.yaml <<-'END'
		x: &x
		  from: {type: scratch}
		  imports: [{path: import, dest: /}]
		y: *x
		z:
		  from: {type: oci, url: "base:base"}
		  imports: [import]
		  run: cat /stacker/imports/import
	END
	rlc-build build --jobs 1
	equal "$(of_image oci:x '.config.blob.history[0].created_by')" "rlc-build: imports of x"
	equal "$(of_image oci:y '.config.blob.history[0].created_by')" "rlc-build: imports of y"
	edit 's/imports: .import./import:  [import]/'
	runs 0 rlc-build build --why
	has "z: building: old imports, the file's text
"
	records && return
	runs 1 unshare -r rlc-build build --why
	has "x: building: owners
" "this store was made by root, with real owners"
}
