# SPDX-License-Identifier: Apache-2.0
# rlc-build with files, images and steps from an enemy: nothing leaves its place, nothing that is kept
# changes, and what cannot be built is refused in words.
# environments: user inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat ls touch mkdir rm ln mount umount mkfifo head tr chmod setfattr
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
	# Ways out of a tree
	layer <<-'END' >ways.tar
		out = "/../../../../../.." + os.getcwd() + "/victim"
		layer.symlink("abs", os.getcwd() + "/victim")
		layer.symlink("up", out[1:])
		layer.directory("etc")
		layer.symlink("etc/app", out)
		layer.symlink("chain", "abs")
		layer.symlink("file", "abs/file")
		layer.symlink("loop", "pool")
		layer.symlink("pool", "/loop")
		layer.symlink("self", "/proc/self/root" + os.getcwd() + "/victim")
		layer.symlink("cwd", "/proc/1/cwd")
		layer.add("fifo", tarfile.FIFOTYPE)
		layer.directory("dir")
	END
	rlc-image raw add-layer --image base:base --tag ways ways.tar
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
	victim=$BATS_FILE_TMPDIR/victim
	rm -rf "$victim"
	mkdir "$victim"
	echo precious >"$victim/file"
}

# file [BASE]: the file of one image i, but for its first lines from standard input
file() {
	{
		printf 'i:\n  from: %s\n' "${1:-{type: oci, url: \"base:base\"\}}"
		sed 's/^/  /'
	} >stacker.yaml
}

ways='{type: oci, url: "base:ways"}'

# build STATUS: it ends by itself, and nothing is outside of its place
build() {
	runs "$1" timeout 30 rlc-build build "${@:2}"
	equal "$(find "$victim" -printf '%P:')" :file:
	equal "$(cat "$victim/file")" precious
	[ ! -e oci ] || runs_quietly rlc-image validate --layout oci
	[ ! -e .stacker/layout ] || runs_quietly rlc-image validate --layout .stacker/layout
}

# runs_quietly COMMAND...: $output stays
runs_quietly() {
	"$@" >said 2>&1 || { cat said; return 1; }
}

@test "a dest cannot leave the image" {
	echo data >conf
	mkdir d
	echo data >d/conf
	for dest in abs/conf up/conf etc/app/conf chain/conf loop/conf self/conf cwd/conf file/conf; do
		echo "imports: [{path: conf, dest: /$dest}]" | file "$ways"
		build 1
		has "${dest%/*}: cannot go into"
		echo "overlay_dirs: [{source: d, dest: /${dest%/*}/x}]" | file "$ways"
		build 1
		has "cannot go into"
	done
	# in its place it replaces a symlink, and goes no further
	for dest in file fifo etc/app loop ../../conf etc/../../../conf; do
		echo "imports: [{path: conf, dest: /$dest}]" | file "$ways"
		build 0
	done
	echo "overlay_dirs: [{source: d, dest: /dir/../..}]" | file "$ways"
	build 0
	equal "$(names i)" "./ conf "
}

@test "a bind is within the image's own tree" {
	mkdir d
	for dest in abs up etc/app chain abs/x file/x; do
		file "$ways" <<-END
			binds: [{source: d, dest: /$dest}]
			run: echo x >/$dest/new
		END
		build 0
		rm d/new
	done
	for dest in loop/x self/x cwd/x fifo; do
		file "$ways" <<-END
			binds: [{source: d, dest: /$dest}]
			run: echo x >/$dest/new
		END
		build 1
		has "/$dest: cannot mount there"
	done
	equal "$(ls d)" ""
}

@test "where steps have their things a base cannot have doors" {
	doors() { # STATUS TARGET NAME...
		TARGET=$2 NAMES=${*:3} layer <<-'END' >doors.tar
			for name in os.environ["NAMES"].split(): layer.symlink(name, os.environ["TARGET"])
		END
		rlc-image raw add-layer --image base:base --tag doors doors.tar
		file '{type: oci, url: "base:doors"}' <<-'END'
			imports: [stacker.yaml]
			run: touch /stacker/artifacts/x
			generate_labels: echo b >/oci-labels/a
		END
		build "$1"
		rlc-image rm --image base:doors
	}
	doors 0 "$victim" stacker
	doors 0 "$victim" proc dev etc sys oci-labels
	doors 1 stacker stacker
	doors 1 /loop loop stacker
	doors 1 "$victim/file" stacker sys
}

@test "what stacker:// takes is taken from the image" {
	for path in abs/file up/file etc/app/file chain/file file self/file; do
		rm -rf .stacker
		printf '%s\n' w: "  from: $ways" i: "  from: {type: scratch}" \
			"  imports: [{path: \"stacker://w/$path\", dest: /x}]" >stacker.yaml
		build 1
		has "$path: cannot take it from the image"
	done
}

@test "imports stay read-only, whatever privileges steps have" {
	[ "$ENVIRONMENT" != root ] || return 0 # it may do all
	echo data >conf
	for run in run generate_labels; do
		file <<-END
			imports: [conf]
			$run: |
			  if mount -o remount,bind,rw /stacker/imports; then exit 9; fi
			  if echo x >/stacker/imports/conf; then exit 9; fi
			  if chmod 777 /stacker/imports/conf; then exit 9; fi
			  if touch /stacker/imports/new; then exit 9; fi
			  if ln /stacker/imports/conf /stacker/artifacts/conf; then exit 9; fi
			  mkdir /t
			  mount --bind /stacker/imports /t
			  if mount -o remount,bind,rw /t; then exit 9; fi
			  if echo x >/t/conf; then exit 9; fi
			  umount /t
			  rm -r /t
			  if mount -o remount,bind,rw /stacker/imports; then exit 9; fi
			  if touch /stacker/imports/new; then exit 9; fi
		END
		build 0
		equal "$(find .stacker/imports/i -mindepth 1 ! -name '.stacker-*' -printf '%P:')" conf:
		equal "$(cat .stacker/imports/i/conf)" data
		equal "$(stat -c %a .stacker/imports/i/conf)" 644
		[ ! -e .stacker/artifacts/i/conf ]
	done
}

@test "labels that are none are refused" {
	labels() { # STATUS COMMAND [TEXT]
		printf 'generate_labels: |\n  set +x; cd /oci-labels\n  %s\n' "$2" | file
		build "$1"
		has "${3-}"
	}
	labels 1 'ln -s /etc/passwd x' 'x: cannot be a label'
	labels 1 "ln -s ../../../../../../..$victim/file x" 'x: cannot be a label'
	labels 1 'mkfifo x' 'x: is no file, and cannot be a label'
	labels 1 'mkdir x' 'x: is no file, and cannot be a label'
	labels 1 'printf "\377" >x' 'x: is not UTF-8'
	labels 1 'printf "a\0b" >x' 'x: has a NUL'
	labels 1 'echo >"$(printf "\377")"' '\377: is not UTF-8'
	labels 1 'head -c 1100000 /dev/zero >x' 'x: cannot be a label: File too large'
	labels 1 'for i in 0 1 2 3 4 5 6 7 8 9; do for j in 0 1 2 3 4 5 6 7 8 9; do head -c 12000 /dev/zero | tr "\0" x >$i$j; done; done' \
		'cannot be a label: File too large'
	labels 0 'printf "a\033[1mb\n" >"$(printf "x\ny")"; printf z >z; chmod 0 z .'
	equal "$(of_image oci:i '.config.blob.config.Labels | tojson')" '{"x\ny":"a\u001b[1mb\n","z":"z"}'
}

@test "what a layer would take for whiteouts is refused" {
	for name in .wh.x bin/.wh.cat bin/.wh..wh..opq; do
		echo "run: touch /$name" | file
		build 1
		has "$name: left out: a layer would take its name for a whiteout" "not all of it could be done"
	done
	mkdir -p d/dir
	touch d/dir/.wh.x
	echo "overlay_dirs: [{source: d}]" | file
	build 1
	has "dir/.wh.x: left out"
}

@test "attributes that mean something to overlayfs are no way to hide or redirect" {
	layer <<-'END' >attrs.tar
		layer.directory("bin", attrs={"user.overlay.opaque": b"y", "user.overlay.redirect": b"/../../../../etc", "trusted.overlay.opaque": b"y"})
		layer.directory("new", attrs={"user.overlay.redirect": b"/bin", "user.overlay.origin": b"x"})
		layer.add("new/f", attrs={"user.overlay.metacopy": b"", "user.overlay.redirect": b"/bin/sh"})
	END
	rlc-image raw add-layer --image base:base --tag attrs attrs.tar
	file '{type: oci, url: "base:attrs"}' <<-'END'
		run: |
		  test -e /bin/cat
		  test ! -e /new/cat
		  test ! -s /new/f
		  setfattr -n user.overlay.opaque -v y /bin || :
		  test -e /bin/cat
		  touch /bin/new
	END
	build 0
	equal "$(names i)" "./ bin/ bin/new "
	rlc-image rm --image base:attrs
}

@test "an archive that is none is no base" {
	echo garbage >garbage
	mkfifo fifo
	mkdir d
	for url in garbage fifo d /dev/zero; do
		: | file "{type: tar, url: $url}"
		build 1
		case $url in
		garbage) has "garbage: is no archive" ;;
		*) has ": is no file" ;;
		esac
		for type in docker oci; do
			: | file "{type: docker, url: \"$type-archive:$url\"}"
			build 1
			[ $url = garbage ] || has "$url: is no file"
		done
	done
}

@test "a base whose configuration is nonsense is refused, or gets one that is sound" {
	for config in '{"config": []}' '{"config": "x"}' '{"config": {"Env": "x", "Labels": [], "Volumes": 3, "Cmd": {}}}' \
		'{"config": {"Env": [1, None, "A=b", "A", ""]}}' '{"history": {}}' '{"history": ["x", 1]}' \
		'{"rootfs": 1}' '{"rootfs": {"type": "layers", "diff_ids": ["../../x"]}}' \
		'{"rootfs": {"type": "layers", "diff_ids": []}}' '{"os": 1}' '{"created": "never"}'; do
		layout "layout.tag(layout.image(config=$config))"
		echo 'imports: [{path: stacker.yaml, dest: /x}]
environment: {A: c}
labels: {l: v}
volumes: [/v]
cmd: [x]' | file '{type: oci, url: "l:latest"}'
		rm -rf .stacker oci
		run timeout 20 rlc-build build
		[ "$status" -le 1 ]
		if [ "$status" = 0 ]; then
			build 0
			equal "$(of_image oci:i '.config.blob.config | [.Labels.l, .Cmd[0], (.Env | index("A=c") != null)] | tojson')" '["v","x",true]'
		else
			lacks "emory"
		fi
		rm -rf l
	done
}

@test "what is imported or bound does not hold the cache or the result" {
	for what in 'imports: [.]' 'imports: [./]' 'imports: [{path: ., dest: /x}]' \
		'overlay_dirs: [{source: ..}]' 'binds: [{source: /, dest: /host}]' 'imports: [.stacker]'; do
		printf '%s\nrun: touch /x\n' "$what" | file
		build 1
		has "the stacker directory is in it; --stacker-dir puts that elsewhere"
	done
	rm -rf .stacker
	echo 'overlay_dirs: [{source: .}]' | file
	build 1 --stacker-dir ../kept
	has "the layout that images go to is in it; --oci-dir puts that elsewhere"
	build 0 --stacker-dir ../kept --oci-dir ../result
	has "i: built"
	build 0 --stacker-dir ../kept --oci-dir ../result
	has "i: cached"
}

@test "a hash that is no more the right one is asked for again" {
	echo data >conf
	printf 'imports: [{path: conf, hash: %s}]\n' "$(sha256sum conf | cut -d' ' -f1)" | file
	build 0
	printf 'imports: [{path: conf, hash: %064d}]\n' 1 | file
	build 1
	has "the hash of '$WORK/conf' is"
	build 1
	has "the hash of '$WORK/conf' is"
}

@test "what steps write does nothing to a terminal, and the log has it as it is" {
	file <<-'END'
		run: |
		  set +x
		  printf 'a\033[31mred\033]0;title\007\n10\r20\r30\ncr\r\n'
		  printf 'tab\tx\\y \302\233 h\303\244\nforged\rother| ok\nnul\0\n'
	END
	build 0
	has $'i| a\\033[31mred\\033]0;title\\007\ni| 30\ni| cr\ni| tab\tx\\y \\302\\233 hä\ni| other| ok\ni| nul\\000\n'
	equal "$(tail -n 6 .stacker/logs/i | head -n 2 | od -An -c | tr -d ' \n')" 'a033[31mred033]0;title\a\n10\r20\r30\n'
}

@test "floods: without a line's end, of NULs, of lines; of several at once" {
	{
		printf 'a:\n  from: {type: oci, url: "base:base"}\n  run: set +x; head -c 8000000 /dev/zero\n'
		printf 'b:\n  from: {type: oci, url: "base:base"}\n  run: set +x; head -c 2000000 /dev/zero | tr "\\0" "\\n"\n'
		printf 'c:\n  from: {type: oci, url: "base:base"}\n  run: set +x; head -c 8000000 /dev/zero | tr "\\0" x\n'
	} >stacker.yaml
	timeout 30 rlc-build build --jobs 3 >out 2>&1
	for i in a b c; do [ "$(stat -c %s .stacker/logs/$i)" -ge 2000000 ]; done
	equal "$(grep -c '^b| $' out)" 2000000
	equal "$(grep -E '^(a: |c: )' out | sort | tr '\n' ' ')" "a: built a: running c: built c: running "
	runs_quietly rlc-image validate --layout oci
}

@test "clean removes what builds have made, and nothing else" {
	mkdir -p in/deep/w
	echo precious >in/file
	cd in/deep/w
	state() { find ../.. | sort; }
	before=$(state)
	for dir in . .. ./ ../ ../.. ../w ../w/. / "$PWD" ../../../in ../.. ../../file; do
		for option in oci-dir stacker-dir; do
			mkdir -p .stacker/store
			runs 1 timeout 20 rlc-build clean --$option "$dir"
			rm -r .stacker
			equal "$(state)" "$before"
		done
	done
	runs 0 rlc-build clean --oci-dir none --stacker-dir no/where
	for in in .stacker/foreign oci/foreign; do
		mkdir -p .stacker/store oci/blobs $in
		runs 1 rlc-build clean
		has "${in%/*}: is not removed: it has more in it than rlc-build has put there"
		[ -d .stacker/store ]
		[ -d oci/blobs ]
		rmdir $in
	done
	ln -s ../../../in/file oci/index.json
	runs 0 rlc-build clean
	equal "$(state)" "$before"
}

@test "builds, gc and clean at once: what is built is right" {
	file <<-'END'
		run: mkdir /n; for i in 1 2 3 4 5 6 7 8 9; do cat /bin/ls >/n/$i; done
	END
	build 0
	for how in '' --no-cache; do
		for n in 1 2 3 4 5 6; do timeout 60 rlc-build build $how; done >out$how 2>&1 &
	done
	for n in 1 2 3 4 5 6 7 8 9 10; do
		timeout 60 rlc-build gc || :
		timeout 60 rlc-build clean || :
	done >cleaned 2>&1
	wait
	rlc-build build
	build 0
	has "i: cached"
	equal "$(names i)" "./ n/ n/1 n/2 n/3 n/4 n/5 n/6 n/7 n/8 n/9 "
	equal "$(ls -A .stacker/store/aside)" ""
	equal "$(ls -d .rlc-* 2>/dev/null)" ""
}

# spoil FILE: a byte of it is another, its size and times are as before
spoil() {
	touch -r "$1" time
	printf '\xff' | dd of="$1" bs=1 seek=40 conv=notrunc status=none
	touch -r time "$1"
}

@test "what is damaged in the cache is made anew where it is met" {
	export SOURCE_DATE_EPOCH=1700000000
	printf '%s\n' a: '  from: {type: oci, url: "base:base"}' '  run: touch /a' >stacker.yaml
	build 0
	good=$(of_image oci:a .manifest.blob.layers[-1].digest)
	for damage in spoil "truncate -s 10" "ln -sf /dev/zero"; do
		for layer in 0 1; do
			rm -rf oci .stacker/store
			blob=.stacker/layout/blobs/sha256/$(of_image .stacker/layout:a ".manifest.blob.layers[$layer].digest" | cut -d: -f2)
			cp "$blob" alone # the base may have it, too
			mv -f alone "$blob"
			eval "$damage $blob"
			build 0
			equal "$(of_image oci:a .manifest.blob.layers[-1].digest)" "$good"
		done
	done
	for damage in 'echo garbage >' 'truncate -s 100M' 'rm -f' mkfifo; do
		for file in .stacker/cache/* .stacker/last/* .stacker/sums/*; do
			[ "$damage" != mkfifo ] || rm -f "$file"
			eval "$damage $file"
		done
		build 0
		equal "$(of_image oci:a .manifest.blob.layers[-1].digest)" "$good"
	done
}

@test "a umask and who builds change no image, nor does what images leave let anybody in" {
	export SOURCE_DATE_EPOCH=1700000000
	mkdir d
	echo data >d/conf
	umask 022
	file <<-'END'
		imports: [d]
		run: |
		  ls -nRog --time-style=+ /stacker >/list
		  touch /etc/new
		  echo >/stacker/artifacts/x
	END
	build 0
	equal "$(stat -c %a .stacker)" 700
	digest=$(of_image oci:i .manifest.blob.layers[-1].digest)
	for mask in 0 077; do
		rm -rf .stacker oci
		umask $mask
		build 0
		equal "$(stat -c %a .stacker)" 700
		equal "$(of_image oci:i .manifest.blob.layers[-1].digest)" "$digest"
	done
}

@test "grab: what is taken out has nobody's powers, and stays in the directory" {
	file <<-'END'
		run: |
		  mkdir -p /t/d
		  echo x >/t/d/suid
		  chmod 6755 /t/d/suid
		  chmod 2775 /t/d
		  ln -s /t/d/suid /t/link
		  ln -s VICTIM/file /t/out
		  mkfifo /t/fifo
	END
	sed -i "s|VICTIM|$victim|" stacker.yaml
	build 0
	mkdir got
	cd got
	for path in /t/d /t/d/suid /t/link /t/fifo /../../t/d/../d; do
		runs 0 timeout 20 rlc-build --work-dir .. grab "i:$path"
		equal "$(find . -perm /6000)" ""
		rm -r ./*
	done
	runs 1 rlc-build --work-dir .. grab i:/t/out
	runs 1 rlc-build --work-dir .. grab i:/none
	ln -s "$victim/file" suid
	runs 0 rlc-build --work-dir .. grab i:/t/d/suid
	[ ! -L suid ]
	equal "$(cat "$victim/file")" precious
	equal "$(ls -A)" suid
}
