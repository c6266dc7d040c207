# SPDX-License-Identifier: Apache-2.0
# rlc-build: what fails, is killed, or runs beside another leaves the layout and the cache whole.
# environments: user inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat touch sleep mkdir rm
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
}

file() { cat >stacker.yaml; }

# whole: both layouts are sound, and nothing lies about once somebody has built again
whole() {
	[ ! -e oci/oci-layout ] || runs 0 rlc-image validate --layout oci
	[ ! -e .stacker/layout/oci-layout ] || runs 0 rlc-image validate --layout .stacker/layout
}

# tidy: nothing that was being made is left
tidy() {
	equal "$(ls .stacker/store/aside)" ""
	equal "$(find .stacker/cache .stacker/last .stacker/sums .stacker/layout oci -name '.*' -type f)" ""
}

@test "a step that fails: its output, its status, and what needs it is not built; others are" {
	file <<-'END'
		bad:
		  from: {type: oci, url: "base:base"}
		  run: |
		    echo before
		    (exit 3)
		    echo after
		needs:
		  from: {type: built, tag: bad}
		good:
		  from: {type: oci, url: "base:base"}
		  run: touch /good
	END
	runs 1 rlc-build build --jobs 2
	has "bad| before" "rlc-build: bad: run: exit status 3" "failed: bad; not built: needs"
	lacks "bad| after"
	grep -x before .stacker/logs/bad
	whole
	tidy
	runs 1 rlc-build build -q
	has "rlc-build: bad: run: exit status 3"
	lacks "bad|" "good:"
	equal "$(cat .stacker/logs/bad)" "+ echo before
before
+ exit 3"
	sed -i 's/(exit 3)/true/' stacker.yaml
	runs 0 rlc-build build
	has "bad: built" "needs: built" "good: "
}

@test "no shell in the image, and no image" {
	file <<-'END'
		a:
		  from: {type: scratch}
		  run: true
	END
	runs 1 rlc-build build
	has "; what steps wrote is in $PWD/.stacker/logs"
	has "a: run: exit status 127: no such command, or no shell, /bin/sh, in the image"
	file <<-'END'
		a:
		  from: {type: oci, url: "base:none"}
	END
	runs 1 rlc-build build
	has "there is no such tag"
	file <<-'END'
		a:
		  from: {type: oci, url: "nowhere:x"}
	END
	runs 1 rlc-build build
	has "nowhere: there is no such layout"
	lacks "logs"
}

@test "--on-run-failure and --shell-fail run in what is left, with what the step had" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports: [stacker.yaml]
		  build_env: {GIVEN: given}
		  run: |
		    echo was left >/left
		    false
	END
	# What only a shell makes of it: the trace of the step has the words, too
	words='echo $(cat /left), $GIVEN, $((40 + 2)); [ -s /stacker/imports/stacker.yaml ] && echo $((50 + 2))'
	runs 1 rlc-build build --on-run-failure "$words"
	has "was left, given, 42
52" "failed: a"
	runs 1 rlc-build build --on-run-failure ls
	has "a: ls in the failed state"
	echo "$words" >words
	runs 1 rlc-build build --shell-fail <words
	has "was left, given, 42
52" "failed: a"
	runs 1 rlc-build build <words
	lacks 42
	# What it did to the tree is in no image
	sed -i s/false/true/ stacker.yaml
	runs 0 rlc-build build --shell-fail <words
	lacks 42
	equal "$(layer_of oci:a 1)" "left "
}

@test "killed at any time: what is there is whole, and the next build is right" {
	file <<-'END'
		a: &a
		  from: {type: oci, url: "base:base"}
		  imports: [stacker.yaml]
		  run: |
		    cat /bin/* >/big
		    mkdir /dir; touch /dir/1 /dir/2; rm /bin/sleep
		b:
		  from: {type: built, tag: a}
		  run: touch /b
		c: *a
	END
	for ms in 3 8 15 25 40 60 80 100 130 160 200 250; do
		rlc-build build --no-cache >/dev/null 2>&1 &
		sleep "$(printf '0.%03d' "$ms")"
		kill -9 $! 2>/dev/null || :
		wait $! 2>/dev/null || :
		whole
	done
	sleep 0.3
	mkdir -p .stacker/last .stacker/sums
	touch .stacker/last/.of-a-killed-one .stacker/sums/.of-a-killed-one
	runs 0 rlc-build build
	equal "$(layer_of oci:a 1)" "big bin/ bin/.wh.sleep dir/ dir/1 dir/2 "
	whole
	# what killed writers left in the layouts goes with what nothing refers to
	rlc-build gc
	rlc-image gc --layout oci
	tidy
	runs 0 rlc-build build
	has "a: cached" "b: cached" "c: cached"
}

@test "a worker that is killed is a failure, and nothing of it stays" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: |
		    echo running
		    sleep 20
	END
	rlc-build build >out 2>&1 &
	for _ in $(seq 100); do
		grep -q 'a| running' out && break
		sleep 0.05
	done
	pkill -9 -P $!
	status=0
	wait $! || status=$?
	equal "$status" 1
	grep "a: was ended by signal 9" out
	sed -i 's/sleep 20/true/' stacker.yaml
	runs 0 rlc-build build
	tidy
}

@test "two builds at once on one directory: one builds, the other finds it" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: |
		    sleep 0.5
		    cat /bin/sh >/new
		b:
		  from: {type: built, tag: a}
		  run: touch /b
	END
	rlc-build build >one 2>&1 &
	rlc-build build >two 2>&1 &
	rlc-build --oci-dir other build >three 2>&1 &
	wait -n
	wait -n
	wait -n
	equal "$(cat one two three | grep -c 'a: built')" 1
	equal "$(cat one two three | grep -c 'b: built')" 1
	equal "$(of_image other:b .manifest.descriptor.digest)" "$(of_image oci:b .manifest.descriptor.digest)"
	whole
	tidy
}

@test "gc waits for builds: what they made stays, what nothing needs goes" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: |
		    touch /old
	END
	rlc-build build
	old=$(of_image oci:a .manifest.blob.layers[-1].digest | cut -d: -f2)
	layers=$(ls .stacker/store/layers | wc -l)
	cat >>stacker.yaml <<-'END'
		    touch /new
		    echo running
		    n=0
		    until [ -e /stacker/artifacts/go ]; do
		      [ $((n += 1)) -lt 200 ]
		      sleep 0.1
		    done
	END
	rlc-build build >out 2>&1 &
	build=$!
	for _ in $(seq 100); do
		grep -q '^a| running' out && break
		sleep 0.05
	done
	rlc-build gc >gc 2>&1 &
	gc=$!
	sleep 0.3
	kill -0 $gc
	[ -e ".stacker/layout/blobs/sha256/$old" ]
	touch .stacker/artifacts/a/go
	wait $build
	wait $gc
	[ ! -e ".stacker/layout/blobs/sha256/$old" ]
	equal "$(ls .stacker/store/layers | wc -l)" "$layers"
	runs 0 rlc-build build
	is "a: cached"
}

@test "a step cannot change what it is given, nor see the host" {
	echo secret >secret
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports: [stacker.yaml]
		  run: |
		    rm /stacker/imports/stacker.yaml && exit 9
		    echo x >/stacker/imports/.stacker-run.sh && exit 9
		    [ ! -e HERE/secret ]
		    [ ! -e /proc/1/root/HERE/secret ]
		    for fd in /proc/self/fd/*; do [ ! -e $fd/secret ]; done
	END
	sed -i "s,/*HERE,$WORK," stacker.yaml
	sed -i '5,6s/$/ || true/' stacker.yaml
	runs 0 rlc-build build
	equal "$(depth oci:a)" 1
}

@test "names that are paths, and a file that is none" {
	for name in .. a/b .; do
		printf '"%s":\n  from: {type: scratch}\n' "$name" >stacker.yaml
		runs 1 rlc-build build
		has "stacker.yaml:1:1:"
	done
	runs 1 rlc-build build -f none.yaml
	has "none.yaml"
}

@test "a full disk: an error, and what is there is whole" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		b:
		  from: {type: built, tag: a}
		  run: cat /bin/* /bin/* /bin/* /bin/* /bin/* /bin/* /bin/* /bin/* /bin/* >/big
	END
	cat >script <<-'END'
		mount -t tmpfs -o size=9m none full || exit
		rlc-build --work-dir full build
		echo "status $?"
		rlc-image validate --layout full/.stacker/layout && echo sound
		sed -i 's/run: .*/run: touch \/small/' stacker.yaml
		rlc-build --work-dir full build -q && echo built
	END
	mkdir full
	run unshare -rm sh script
	has "status 1" "No space left on device" sound built
}

@test "what failed is said once, and what cannot be imported by its whole path" {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: exit 3
	END
	runs 1 rlc-build build
	equal "$(grep ^rlc <<<"$output")" "rlc-build: a: run: exit status 3
rlc-build build: failed: a; what steps wrote is in $PWD/.stacker/logs"
	sed -i 's/run:/generate_labels:/' stacker.yaml
	runs 1 rlc-build build
	has "rlc-build: a: generate_labels: exit status 3
rlc-build build: failed: a;"
	mkdir -p d/sub
	/usr/bin/python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind("d/sub/socket")'
	for import in d d/ "{path: d, dest: /}"; do
		printf 'a:\n  from: {type: scratch}\n  imports: [%s]\n' "$import" | file
		runs 1 rlc-build build
		has "rlc-build: a: $PWD/d/sub/socket: cannot copy: "
	done
	printf 'a:\n  from: {type: oci, url: "base:base"}\n  run: mkdir -p /d/e\nb:\n  from: {type: scratch}\n  imports: [stacker://a/d/none]\n' | file
	runs 1 rlc-build build
	has "rlc-build: b: /d/none: cannot read: No such file or directory
rlc-build build: failed: b"
}
