# SPDX-License-Identifier: Apache-2.0
# rlc-run with an image: over an overlay of unpacked layers, thrown away or committed.
# environments: user inns root
load lib
bats_require_minimum_version 1.5.0

# The host's own programs as an image's first layer.
setup_file() {
	local p lib
	cd "$BATS_FILE_TMPDIR" || return
	mkdir -p t/bin t/etc t/root
	for p in sh cat chown env id ls mkdir rm sleep stat touch; do
		cp -L "$(type -P "$p")" t/bin || return
		for lib in $(ldd "$(type -P "$p")" | grep -o '/[^ ]*'); do
			mkdir -p "t${lib%/*}"
			cp -L "$lib" "t$lib" || return
		done
	done
	printf 'root:x:0:0::/root:/bin/sh\nold:x:5:6::/:/bin/sh\n' >t/etc/passwd
	printf 'root:x:0:\ngroup:x:6:\n' >t/etc/group
	rlc-tar -C t -cf 0.tar .
	image base 0.tar
}

setup() {
	rlc_setup
	cp -r "$BATS_FILE_TMPDIR/oci" .
	export XDG_CACHE_HOME=$WORK/cache
	STORE=$WORK/cache/rlc/store
}

# Nothing of what was run is left in the store.
tidy() { equal "$(ls "$STORE/aside")" ""; }

count() { set -- "$STORE"/layers/*; echo $#; }

@test "the command's words, output and exit status" {
	runs 0 rlc-run oci:base sh -c 'echo "$1 $2"' sh 'a b' c
	is 'a b c'
	runs 7 rlc-run oci:base sh -c 'exit 7'
	runs 0 rlc-run oci:base cat /proc/sys/kernel/hostname
	is rlc-run
	runs 0 rlc-run oci:base id
	has 'uid=0(root) gid=0(root)'
	echo in >in
	runs 0 rlc-run oci:base cat <in
	is in
	tidy
}

@test "the image's own command, Entrypoint, Env, WorkingDir" {
	rlc-image config --image oci:base --config.entrypoint env --config.cmd 'sh' --config.cmd -c \
		--config.cmd 'echo "$A $PWD"' --config.env A=b --config.workingdir /bin
	runs 0 rlc-run oci:base
	is 'b /bin'
	runs 0 rlc-run oci:base A=c sh -c 'echo "$A $PWD"'
	is 'c /bin'
}

@test "the image's User is one of the tree's, whichever layer names him" {
	mkdir -p up/etc
	printf 'root:x:0:0::/root:/bin/sh\nnew:x:7:8::/:/bin/sh\n' >up/etc/passwd
	rlc-tar -C up -cf 1.tar etc/passwd
	rlc-image raw add-layer --image oci:base 1.tar
	rlc-image config --image oci:base --config.user new:group
	runs 0 rlc-run oci:base id -u
	is 7
	runs 0 rlc-run oci:base id -g
	is 6
	rlc-image config --image oci:base --config.user old
	runs 125 rlc-run oci:base id -u
	has old
}

@test "what the command changes is thrown away" {
	runs 0 rlc-run oci:base sh -c 'touch /new; rm /bin/cat; ls /new'
	is /new
	runs 0 rlc-run oci:base sh -c 'ls /new /bin/cat 2>/dev/null; :'
	is /bin/cat
	tidy
	equal "$(count)" 1
}

@test "layers are unpacked once, in the user's own store or that of --store" {
	rlc-run oci:base sh -c :
	local was
	was=$(stat -c '%i %z' "$STORE"/layers/*)
	runs 0 rlc-run oci:base sh -c :
	equal "$(stat -c '%i %z' "$STORE"/layers/*)" "$was"
	runs 0 env -u XDG_CACHE_HOME HOME="$WORK/home" rlc-run oci:base sh -c :
	[ -d home/.cache/rlc/store/layers ]
	equal "$(stat -c %a home/.cache/rlc/store)" 700
	runs 0 rlc-run --store mine/of:all oci:base sh -c :
	[ -d mine/of:all/layers ]
	runs 125 env -u XDG_CACHE_HOME -u HOME rlc-run oci:base sh -c :
	has --store
}

@test "--commit: what was changed is a layer of a new image, with its owners" {
	local was
	was=$(of_image oci:base .manifest.descriptor.digest)
	runs 0 rlc-run --commit new oci:base sh -c \
		'echo hi >/file; chown 5:6 /file; rm /bin/cat; mkdir /dir; chown 33:34 /dir'
	equal "$(layers new)" 2
	equal "$(rlc-tar -tvf "$(top_layer oci:new)" | sed -E 's/ *[0-9]* [12][0-9-]* [0-9:]*//' | sort)" \
"---------- 0/0 bin/.wh.cat
-rw-r--r-- 5/6 file
drwxr-xr-x 0/0 ./
drwxr-xr-x 0/0 bin/
drwxr-xr-x 33/34 dir/"
	equal "$(of_image oci:base .manifest.descriptor.digest)" "$was"
	equal "$(of_image oci:new '.history[-1].created_by')" \
		"rlc-run sh -c echo hi >/file; chown 5:6 /file; rm /bin/cat; mkdir /dir; chown 33:34 /dir"
	runs 0 rlc-run oci:new sh -c 'stat -c "%n %u:%g" /file /dir; ls /bin/cat || :'
	has '/file 5:6' '/dir 33:34' 'No such file'
	runs 0 rlc-image validate --layout oci
	tidy
}

@test "--commit: the exit status is the command's; no change is no layer" {
	runs 3 rlc-run --commit new oci:base sh -c 'exit 3'
	equal "$(layers new)" 1
	equal "$(of_image oci:new '.history[-1].empty_layer')" true
	runs 125 rlc-run --commit '' oci:base sh -c 'echo ran'
	lacks ran
}

@test "--commit: mounts leave nothing in the image, volumes neither" {
	rlc-image config --image oci:base --config.volume /data --config.volume /var/lib/x
	runs 0 rlc-run --commit new oci:base sh -c 'touch /data/x /var/lib/x/y /tmp-is-not; ls /proc /sys >/dev/null'
	equal "$(names new)" './ tmp-is-not '
}

@test "--commit: what a mount lay in has the usual mode, whatever the umask" {
	rlc-image config --image oci:base --config.volume /data/../data/sub --config.volume /../up
	(umask 077 && runs 0 rlc-run --commit new oci:base sh -c ': >/data/x')
	runs 0 rlc-tar -tvf "$(top_layer oci:new)"
	has 'drwxr-xr-x 0/0'
	lacks drwx------
}

@test "--commit: SOURCE_DATE_EPOCH is the latest time" {
	SOURCE_DATE_EPOCH=1000000000 runs 0 rlc-run --commit new oci:base touch /file
	SOURCE_DATE_EPOCH=1000000000 runs 0 rlc-run --commit again oci:base touch /file
	equal "$(of_image oci:new .manifest.descriptor.digest)" \
		"$(of_image oci:again .manifest.descriptor.digest)"
	runs 0 rlc-tar -tvf "$(top_layer oci:new)"
	has '2001-09-09 01:46'
}

@test "without an overlay the image is unpacked as a whole, and commits the same" {
	mkdir l u w m
	layer <<-'END' >1.tar
		layer.add("deep/in/file", data=b"x", time="1000000000")
		layer.add("one", data=b"x")
		layer.hardlink("two", "one")
		layer.hardlink("three", "one")
	END
	rlc-image raw add-layer --image oci:base 1.tar
	cat >steps <<-'END'
		echo hi >/file; chown 5:6 /file; rm /bin/cat; mkdir /dir; echo x >>/deep/in/file
		chown 7:8 /one; : >>/two
	END
	cat >in <<-'END'
		mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w,userxattr m || exit 99
		rlc-run --store m/store --commit new oci:base sh -c "$(cat steps)"
		rlc-run --store m/store oci:new sh -c 'ls /bin/cat; stat -c %u:%g /file'
		ls m/store/aside
	END
	export SOURCE_DATE_EPOCH=1700000000
	runs 0 unshare -r -m sh in
	is "ls: cannot access '/bin/cat': No such file or directory
5:6"
	equal "$(names new)" './ bin/ bin/.wh.cat deep/ deep/in/ deep/in/file dir/ file one '
	rlc-run --commit over oci:base sh -c "$(cat steps)"
	equal "$(of_image oci:over .manifest.descriptor.digest)" \
		"$(of_image oci:new .manifest.descriptor.digest)"
}

@test "many at once, killed ones, and the store is whole" {
	local pids=() p
	for p in 1 2 3 4; do
		rlc-run oci:base sh -c 'touch /x; ls /x' >"out$p" 2>&1 &
		pids+=($!)
	done
	for p in "${pids[@]}"; do wait "$p"; done
	equal "$(cat out?)" $'/x\n/x\n/x\n/x'
	equal "$(count)" 1
	rlc-run oci:base sh -c 'echo up; sleep 60' >up 2>&1 &
	p=$!
	while ! [ -s up ]; do sleep 0.02; done
	kill -9 "$p"
	wait "$p" 2>/dev/null || :
	runs 0 rlc-run oci:base sh -c 'ls /x 2>&1 || :'
	has 'No such file'
	for p in $(seq 50); do
		rlc-run oci:base sh -c :
		[ -n "$(ls "$STORE/aside")" ] || break
	done
	tidy
}

@test "a full disk leaves a store that is whole" {
	mkdir m
	cat >in <<-'END'
		mount -t tmpfs -o size=1m tmpfs m || exit 99
		rlc-run --store m/store oci:base sh -c 'echo ran' && exit 98
		ls m/store/layers m/store/aside
	END
	runs 0 unshare -r -m sh in
	has 'No space left on device' $'m/store/aside:\n\nm/store/layers:'
	lacks ran
}

@test "a command that is not there is 127, one that cannot be run 126" {
	run -127 rlc-run oci:base nothing
	has nothing
	runs 127 rlc-run oci:base --strict true
	has "rlc-run: --strict: options stand before the image"
	runs 126 rlc-run oci:base /etc
	runs 143 rlc-run oci:base sh -c 'kill -TERM $$'
	rlc-image new --image oci:empty
	run -127 rlc-run oci:empty sh
	tidy
}

@test "what is wrong is said, and 125" {
	runs 125 rlc-run oci:none sh
	has 'no such tag' 'rlc-run: oci: has base'
	runs 2 rlc-run alpine
	has "rlc-run: alpine: neither a verb nor an image, which is LAYOUT:TAG"
	runs 2 rlc-run craete x
	has "craete: no such verb; did you mean 'create'?"
	runs 2 rlc-run run oci:base true
	has "rlc-run run: oci:base: is no id, but an image's name? It runs without the word 'run'"
	rlc-run --log log pause x 2>/dev/null || equal $? 2
	grep -q "pause: no such verb" log
	runs 125 rlc-run none:base sh
	has 'none: there is no such layout'
	runs 125 rlc-run docker://some.where/x sh
	has 'docker://some.where/x: is not on this machine; skopeo copy takes it'
	mkdir full && touch full/file
	runs 125 rlc-run --store full oci:base sh
	has 'is no store'
	printf x | dd of="$(top_layer oci:base)" bs=1 seek=600 conv=notrunc 2>/dev/null
	runs 125 rlc-run oci:base sh
	equal "$(ls "$STORE/layers")" ""
	tidy
}

@test "a store of root's owners is not for users, nor the other way round" {
	rlc-run oci:base sh -c :
	if records; then
		equal "$(readlink "$STORE/owners")" records
		ln -sfn real "$STORE/owners"
		runs 125 rlc-run oci:base sh -c :
		has 'made by root'
	else
		equal "$(readlink "$STORE/owners")" real
		ln -sfn records "$STORE/owners"
		runs 125 rlc-run oci:base sh -c :
		has 'made by an ordinary user'
	fi
}
