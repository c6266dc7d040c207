# SPDX-License-Identifier: Apache-2.0
# rlc-build: from a file of steps to images. What is cached is in build_cache.bats, what goes wrong in
# build_faults.bats, the file itself in build_file.bats, options and the other verbs in build_verbs.bats.
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

@test "from nothing: files, directories and what is in them, with their owners and modes" {
	mkdir -p d/sub
	echo one >one
	echo two >d/two
	chmod 0600 d/two
	echo three >d/sub/three
	file <<-'END'
		all:
		  from:
		    type: scratch
		  imports:
		    - {path: one, dest: /}
		    - {path: one, dest: /etc/renamed, mode: 0640, uid: 3, gid: 4}
		    - {path: d, dest: /as/}
		    - {path: d, dest: /as/other}
		    - {path: d/, dest: /content}
	END
	runs 0 rlc-build build
	is "all: built"
	equal "$(depth oci:all)" 1
	equal "$(rlc-image diff --json oci:base:base oci:oci:all | jq -r 'select(.change == "added") | "\(.path) \(.new.mode) \(.new.uid):\(.new.gid)"' | grep -v ' 0755 0:0$' | sort | tr '\n' ';')" \
		"as/d/sub/three 0644 0:0;as/d/two 0600 0:0;as/other/sub/three 0644 0:0;as/other/two 0600 0:0;content/sub/three 0644 0:0;content/two 0600 0:0;etc/renamed 0640 3:4;one 0644 0:0;"
}

@test "a step runs with imports, environment and artifacts, and its changes are the layer" {
	mkdir d
	echo text >d/file
	file <<-'END'
		app:
		  from: {type: oci, url: "base:base"}
		  imports:
		    - stacker.yaml
		    - d
		  build_env: {WHAT: "some thing"}
		  run: |
		    cat /stacker/imports/d/file
		    echo "$WHAT, $STACKER_LAYER_NAME, $HOME, $PATH"
		    id -u
		    umask
		    test -r /stacker/imports/stacker.yaml
		    if touch /stacker/imports/no || echo no >/stacker/imports/stacker.yaml; then exit 9; fi
		    echo out >/stacker/artifacts/out
		    mkdir /new
		    touch /new/file
		    chown 7:8 /new/file
		    rm /bin/sleep
	END
	umask 077
	SECRET=x runs 0 rlc-build build
	has "app| text" "app| 0022" "app| some thing, app, , /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" "app| 0" "app: built"
	equal "$(ls -A .stacker/imports/app | tr '\n' ' ')" ".stacker-run.sh d stacker.yaml "
	same .stacker/imports/app/stacker.yaml stacker.yaml
	equal "$(cat .stacker/artifacts/app/out)" out
	equal "$(layer_of oci:app 1)" "bin/ bin/.wh.sleep new/ new/file "
	has "app| + id -u"
	equal "$(rlc-image diff --json oci:base:base oci:oci:app | jq -r 'select(.path == "new/file") | "\(.new.uid):\(.new.gid)"')" 7:8
	cat .stacker/logs/app
	grep -x text .stacker/logs/app
}

@test "a step that changes nothing makes no layer" {
	file <<-'END'
		app:
		  from: {type: oci, url: "base:base"}
		  run:
		    - true
		    - touch /stacker/mine || true
	END
	runs 0 rlc-build build
	equal "$(depth oci:app)" 1
}

@test "a script of its own kind is run as it is" {
	file <<-'END'
		app:
		  from: {type: oci, url: "base:base"}
		  run: |
		    #!/bin/sh
		    false
		    echo went on
	END
	runs 0 rlc-build build
	has "app| went on"
	lacks "+ false"
}

@test "images that need each other: built, build_only and stacker://" {
	file <<-'END'
		last:
		  from: {type: scratch}
		  imports:
		    - {path: "stacker://maker/out/result", dest: /result}
		    - {path: "stacker://maker/link", dest: /followed}
		maker:
		  from: {type: built, tag: first}
		  build_only: true
		  run: |
		    mkdir /out
		    cat /given >/out/result
		    ln -s /out/result /link
		first:
		  from: {type: oci, url: "base:base"}
		  run: echo given >/given
	END
	runs 0 rlc-build build
	has "first: built" "maker: built" "last: built"
	runs 0 rlc-image list --layout oci
	is "first
last"
	equal "$(layer_of oci:last 0)" "followed result "
	rlc-image raw unpack --image oci:last t
	equal "$(cat t/result t/followed)" "given
given"
}

@test "images that do not need each other are built side by side, as many as --jobs says" {
	file <<-'END'
		a: &a
		  from: {type: oci, url: "base:base"}
		  binds: [both -> /both]
		  run: |
		    touch /both/$STACKER_LAYER_NAME
		    n=0
		    while [ ! -e /both/a ] || [ ! -e /both/b ]; do
		      [ $((n += 1)) -lt 100 ] || exit 3
		      sleep 0.1
		    done
		b: *a
	END
	mkdir both
	runs 0 rlc-build build --jobs 2
	rm both/*
	sed -i 's/-lt 100/-lt 2/' stacker.yaml
	runs 1 rlc-build build --jobs=1
	has "a: run: exit status 3" "failed: a; not built: b"
}

@test "a symlink in the base leads nowhere else, for imports, overlay_dirs and stacker://" {
	mkdir -p t/etc "t$PWD/out" out o/evil/more
	ln -s "$PWD/out" t/evil
	ln -s ../../../../../../../../../../../../etc t/up
	ln -s /etc/passwd t/pw
	echo inside >t/etc/passwd
	echo new >file
	echo new >o/evil/more/file
	rlc-image copy tree:t evil:latest
	file <<-'END'
		a:
		  from: {type: oci, url: evil}
		  imports:
		    - {path: file, dest: /evil/file}
		    - {path: file, dest: /up/file}
		b:
		  from: {type: oci, url: evil}
		  overlay_dirs:
		    - source: o/evil
		      dest: /evil
		c:
		  from: {type: scratch}
		  imports:
		    - {path: "stacker://a/pw", dest: /pw}
		    - {path: "stacker://a/up/passwd", dest: /pw2}
	END
	runs 0 rlc-build build
	equal "$(ls out)" ""
	rlc-image raw unpack --image oci:c t2
	equal "$(cat t2/pw t2/pw2)" "inside
inside"
	has "a: built"
	layer_of oci:a 1 | grep -F "etc/file"
}

@test "a file does not take the place of a directory of the image" {
	echo x >file
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports: [{path: file, dest: /bin}]
	END
	runs 1 rlc-build build
	has "bin: is a directory in the image" "failed: a"
}

@test "overlay_dirs: modes stay, owners are root's" {
	mkdir -p o/usr/share
	echo x >o/usr/share/x
	rlc-chown 5:6 o/usr/share/x
	chmod 4711 o/usr/share/x
	file <<-'END'
		a:
		  from: {type: scratch}
		  overlay_dirs:
		    - source: o
		b:
		  from: {type: scratch}
		  overlay_dirs:
		    - source: o
		      dest: /opt/
	END
	runs 0 rlc-build build
	equal "$(layer_of oci:a 0)" "usr/ usr/share/ usr/share/x "
	equal "$(layer_of oci:b 0)" "opt/ opt/usr/ opt/usr/share/ opt/usr/share/x "
	rlc-image raw unpack --image oci:a t
	equal "$(rlc-stat -c %a:%u:%g t/usr/share/x)" "4711:0:0"
}

@test "imports: symlinks and FIFOs stay what they are, a symlink that is named is followed" {
	mkdir -p d/e more/e
	echo x >d/file
	ln -s file d/link
	mkfifo -m 0640 d/fifo
	ln -s d/file named
	echo y >more/e/y
	file <<-'END'
		a:
		  from: {type: scratch}
		  imports: [d/, more/, named]
		  bom: {generate: true}
	END
	runs 0 rlc-build build
	has "a: bom is passed over"
	cd .stacker/imports/a
	equal "$(readlink link)" file
	[ -p fifo ]
	[ "$(stat -c %a fifo)" = 640 ]
	[ -f named ]
	[ ! -L named ]
	[ -e e/y ]
	cd "$WORK"
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("d/socket")'
	runs 1 rlc-build build
	has "socket"
}

@test "binds are there while steps run, and in no layer; without their source nothing is built" {
	mkdir src
	echo bound >src/file
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  binds:
		    - src -> /some/place
		    - source: src/file
		      dest: /file
		  run: |
		    cat /some/place/file /file
		    echo back >/some/place/back
	END
	runs 0 rlc-build build
	has "a| bound"
	equal "$(cat src/back)" back
	equal "$(depth oci:a)" 1
	mv src other
	runs 1 rlc-build build
	has "src: cannot read: No such file or directory"
	[ ! -e src ]
	mkdir src a:b
	touch src/file
	sed -i 's|src -> /some/place|a:b -> /x|' stacker.yaml
	runs 1 rlc-build build
	has "a:b: no path with a colon can be bound"
}

@test "the configuration is the recipe's; cmd and entrypoint are not the base's" {
	rlc-image copy base:base mine:base
	rlc-image config --image mine:base --config.cmd old --config.entrypoint old --config.env BASE=1 \
		--config.label base=1 --config.user bob
	file <<-'END'
		a:
		  from: {type: oci, url: "mine:base"}
		  cmd: ls -l "a b"
		  environment: {A: "1", BASE: "2"}
		  labels: {l: m}
		  working_dir: /w
		  volumes: [/v]
		  runtime_user: "5:6"
		  annotations: {org.x: y}
		  os: linux
		  arch: arm64
		b:
		  from: {type: oci, url: "mine:base"}
		  entrypoint: [sh, -c]
		  environment: {PATH: /p}
		c:
		  from: {type: built, tag: a}
		  full_command: run it
	END
	sed -i 's/  arch: arm64//' stacker.yaml
	runs 0 rlc-build build --annotations-namespace my.name
	equal "$(config_of oci:a | jq -cS .)" '{"Cmd":["ls","-l","a b"],"Env":["BASE=2","A=1","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],"Labels":{"base":"1","l":"m"},"User":"5:6","Volumes":{"/v":{}},"WorkingDir":"/w"}'
	equal "$(of_image oci:a '.manifest.blob.annotations | del(.["my.name.stacker.stacker_yaml"])' | jq -c .)" '{"org.x":"y"}'
	equal "$(of_image oci:a '.manifest.blob.annotations["my.name.stacker.stacker_yaml"]')" "$(cat stacker.yaml)"
	equal "$(config_of oci:b | jq -c '[.Cmd, .Entrypoint, .Env]')" '[null,["sh","-c"],["BASE=1","PATH=/p"]]'
	equal "$(config_of oci:c | jq -c '[.Cmd, .Entrypoint, .WorkingDir]')" '[null,["run","it"],"/w"]'
}

@test "generate_labels: files become labels, and nothing else of it stays" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: echo 1.2 >/version
		  labels: {over: mine}
		  generate_labels: |
		    cat /version >/stacker/oci-labels/version
		    echo -n x >/oci-labels/other
		    echo theirs >/oci-labels/over
		    touch /left
	END
	runs 0 rlc-build build
	equal "$(config_of oci:a .Labels | jq -cS .)" '{"other":"x","over":"mine","version":"1.2\n"}'
	equal "$(depth oci:a)" 2
	equal "$(layer_of oci:a 1)" "version "
}

@test "apply: other images' layers as they are, lists merged; what contradicts is named" {
	mkdir -p t/etc
	echo root:x:0:0::/root:/bin/sh >t/etc/passwd
	echo same >t/etc/file
	programs t sh cat
	rlc-image copy tree:t b:latest
	file <<-'END'
		one:
		  from: {type: oci, url: b}
		  run: echo one:x:1:1::/:/bin/sh >>/etc/passwd; echo 1 >/one
		two:
		  from: {type: oci, url: b}
		  run: echo two:x:2:2::/:/bin/sh >>/etc/passwd; echo 2 >/two
		both:
		  from: {type: built, tag: one}
		  apply: [two]
		  run: cat /one /two /etc/passwd
		outside:
		  from: {type: scratch}
		  apply: ["oci:b:latest"]
	END
	runs 0 rlc-build build
	has "both| 1" "both| 2" "both| one:x:1:1" "both| two:x:2:2"
	runs 0 rlc-build grab both:/etc/passwd
	equal "$(cat passwd)" "root:x:0:0::/root:/bin/sh
one:x:1:1::/:/bin/sh
two:x:2:2::/:/bin/sh"
	# an image of another layout, with its layers as they are
	equal "$(of_image oci:outside '.manifest.blob.layers[].digest')" \
		"$(of_image b:latest '.manifest.blob.layers[].digest')"
	equal "$(depth oci:outside)" 1
	equal "$(of_image oci:both '.manifest.blob.layers[2].digest')" "$(of_image oci:two '.manifest.blob.layers[1].digest')"
	cat >>stacker.yaml <<-'END'
		clash:
		  from: {type: built, tag: one}
		  apply: [three]
		three:
		  from: {type: oci, url: b}
		  run: echo 3 >/one
	END
	runs 1 rlc-build build
	has "clash: apply: stacker://three: one: " "failed: clash"
}

@test "a hash is checked" {
	echo hello >f
	file <<-'END'
		a:
		  from: {type: scratch}
		  imports:
		    - {path: f, hash: 5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03}
	END
	runs 0 rlc-build build
	echo other >f
	runs 1 rlc-build build
	has "stacker.yaml:4:7: the hash of " "not 5891b5b522"
}

@test "import, the old form, is at /stacker" {
	echo x >f
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  import: [f]
		  run: cat /stacker/f /stacker/imports/f; touch /stacker/artifacts/x
	END
	runs 0 rlc-build build
	equal "$(depth oci:a)" 1
}

@test "build_env_passthrough: expressions choose, and without it proxies pass" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  build_env: {FOO_B: mine}
		  build_env_passthrough: ["^FOO_"]
		  run: env
		b:
		  from: {type: oci, url: "base:base"}
		  run: env
	END
	FOO_A=1 FOO_B=2 BAR=3 http_proxy=4 no_proxy=5 NO_PROXY=6 runs 0 rlc-build build
	has "a| FOO_A=1" "a| FOO_B=mine" "b| http_proxy=4" "b| no_proxy=5" "b| NO_PROXY=6"
	lacks "BAR=" "a| http_proxy" "b| FOO_A"
}

@test "SOURCE_DATE_EPOCH: the same bytes cold, warm, and elsewhere" {
	echo x >f
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports: [f, {path: f, dest: /etc/}]
		  run: cat /stacker/imports/f >/new; mkdir -p /a/b; touch /a/b/c
		b:
		  from: {type: built, tag: a}
		  run: rm /new; ln -s x /y
		  labels: {a: b}
	END
	export SOURCE_DATE_EPOCH=1700000000
	rlc-build build
	first=$(of_image oci:b .manifest.descriptor.digest)
	sleep 1
	touch f
	rlc-build build --no-cache
	equal "$(of_image oci:b .manifest.descriptor.digest)" "$first"
	rlc-build --stacker-dir other --oci-dir there build
	equal "$(of_image there:b .manifest.descriptor.digest)" "$first"
	sed -i 's/a: b}/a: c}/' stacker.yaml
	rlc-build build
	sed -i 's/a: c}/a: b}/' stacker.yaml
	rm -r .stacker/cache/*
	runs 0 rlc-build build
	equal "$(of_image oci:b .manifest.descriptor.digest)" "$first"
	equal "$(of_image oci:b .config.blob.created)" 2023-11-14T22:13:20Z
}

@test "where no overlay can be mounted images are the same, by way of a whole tree" {
	mkdir l u w m
	echo x >x
	file <<-'END'
		a:
		  from: {type: oci, url: "WORK/base:base"}
		  imports: [x, {path: x, dest: /etc/deep/, uid: 5}]
		  run: |
		    cat /stacker/imports/x >/new
		    chown 7:8 /new
		    rm /bin/sleep
		    touch /stacker/left
		  generate_labels: echo y >/oci-labels/l
		b:
		  from: {type: built, tag: a}
		  run: "true"
		c:
		  from: {type: scratch}
		  imports: [{path: "stacker://a/etc/deep/x", dest: /}]
	END
	sed -i "s|WORK|$WORK|" stacker.yaml
	cp stacker.yaml x l
	export SOURCE_DATE_EPOCH=1700000000
	rlc-build build
	runs 0 unshare -rm sh -c 'mount -t overlay over -o lowerdir=l,upperdir=u,workdir=w,userxattr m || exit 77
		cd m && rlc-build check && rlc-build build && cp -r oci ../plain'
	has "overlay: cannot be mounted" "a: built" "c: built"
	for tag in a b c; do
		equal "$(depth "plain:$tag")" "$(depth "oci:$tag")"
		equal "$(config_of "plain:$tag" | jq -c .)" "$(config_of "oci:$tag" | jq -c .)"
		runs 0 rlc-image diff "oci:plain:$tag" "oci:oci:$tag"
		is ""
	done
	equal "$(layer_of plain:a 1)" "$(layer_of oci:a 1)"

}

@test "umoci and skopeo take what was built" {
	command -v umoci >/dev/null && command -v skopeo >/dev/null || skip "umoci or skopeo is not installed"
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: touch /new; chown 5:6 /new; rm /bin/sleep
		  cmd: [sh]
	END
	rlc-build build
	skopeo inspect oci:oci:a >/dev/null
	runs 0 rlc-image validate --layout oci
	umoci unpack --rootless --image oci:a bundle >/dev/null 2>&1
	[ -e bundle/rootfs/new ] && [ ! -e bundle/rootfs/bin/sleep ]
}

@test "a bind whose place a base's symlinks lead to leaves nothing there" {
	layer <<-'END' >links.tar
		layer.directory("run")
		layer.directory("var")
		layer.symlink("var/run", "/run")
		layer.symlink("var/lock", "../run/lock")
	END
	cp -rL base links
	rlc-image raw add-layer --image links:base links.tar
	mkdir dir
	echo bound | tee dir/file >file
	file <<-'END'
		a:
		  from: {type: oci, url: "links:base"}
		  binds: [dir -> /var/run/new/dir, file -> /var/run/file, dir -> /var/lock]
		  run: |
		    cat /run/new/dir/file /run/file /run/lock/file
		    touch /done
	END
	runs 0 rlc-build build
	equal "$(grep -c '^a| bound$' <<<"$output")" 3
	equal "$(names a)" "./ done "
}

@test "a base whose resolv.conf is a symlink gets nothing of it" {
	layer <<-'END' >links.tar
		layer.directory("run")
		layer.directory("etc")
		layer.symlink("etc/resolv.conf", "../run/systemd/resolve/stub-resolv.conf")
		layer.symlink("etc/hosts", "hosts")
	END
	cp -rL base links
	rlc-image raw add-layer --image links:base links.tar
	file <<-'END'
		a:
		  from: {type: oci, url: "links:base"}
		  run: touch /done
	END
	runs 0 rlc-build build
	equal "$(names a)" "./ done "
}

@test "what rlc-build keeps for itself cannot be bound" {
	mkdir -p .stacker/artifacts/a oci/blobs
	ln -s .stacker/artifacts link
	for dir in .stacker .stacker/artifacts/a link oci/blobs; do
		printf 'a:\n  from: {type: oci, url: "base:base"}\n  binds: [%s -> /b]\n  run: touch /b/x\n' "$dir" | file
		runs 1 rlc-build build
		[ ! -e "$dir/x" ]
	done
	has "$PWD/oci/blobs: cannot be bound: it is in the layout that images go to"
	printf 'a:\n  from: {type: oci, url: "base:base"}\n  binds: [link -> /b]\n  run: touch /b/x\n' | file
	runs 1 rlc-build build
	has "$PWD/link: cannot be bound: it is in the stacker directory"
}

@test "devices of an image are imported and taken out as devices" {
	layer <<-'END' >devices.tar
		layer.add("null", tarfile.CHRTYPE, device=(1, 3), mode=0o666)
		layer.directory("d")
		layer.add("d/disk", tarfile.BLKTYPE, device=(8, 1), mode=0o640, owner=(0, 6))
		layer.add("d/empty")
	END
	cp -rL base devices
	rlc-image raw add-layer --image devices:base devices.tar
	file <<-'END'
		a:
		  from: {type: oci, url: "devices:base"}
		b:
		  from: {type: oci, url: "base:base"}
		  imports:
		    - stacker://a/null
		    - stacker://a/d
		    - {path: stacker://a/null, dest: /dev/null2}
		    - {path: stacker://a/d, dest: /d, gid: 7}
		  run: stat -c '%n %F %t,%T %a' /stacker/imports/null /stacker/imports/d/*
	END
	runs 0 rlc-build build
	has "b| /stacker/imports/null character special file 1,3 666" \
		"b| /stacker/imports/d/disk block special file 8,1 640" \
		"b| /stacker/imports/d/empty regular empty file 0,0 644"
	runs 0 rlc-tar -tvf "$(top_layer oci:b)" --numeric-owner
	grep -E '^crw-rw-rw- 0/0 +1,3 .* (\./)?dev/null2$' <<<"$output"
	grep -E '^brw-r----- 0/7 +8,1 .* (\./)?d/disk$' <<<"$output"
	if records; then
		rlc-build grab a:/null
		equal "$(rlc-stat -c '%F %t,%T %a' null)" "character special file 1,3 666"
		rlc-build grab a:/d
		equal "$(rlc-stat -c '%F %t,%T %a' d/disk)" "block special file 8,1 640"
	else
		runs 1 rlc-build grab a:/null
		has "is a device, and is not taken out"
		runs 1 rlc-build grab a:/d
		[ ! -e null ]
		[ ! -e d ]
		sed -i "s|- stacker://a/null|- {path: 'stacker://a/null', hash: $(sha256sum </dev/null | cut -d' ' -f1)}|" stacker.yaml
		runs 1 rlc-build build
		has "stacker://a/null: is no file, and has no hash"
	fi
}
