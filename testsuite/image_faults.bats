# SPDX-License-Identifier: Apache-2.0
# A verb that is killed or fails at any system call, a full disk, a layout that cannot be written
# to, two verbs at once: the layout stays whole, and what is left over can be collected.
# environments: user root
load lib

setup() {
	rlc_setup
	export SOURCE_DATE_EPOCH=1700000000
	mkdir d
	echo one >d/one
	rlc-tar -cf one.tar -C d one
	echo two >d/two
	rlc-tar -cf two.tar -C d two
	rlc-image init --layout before
	rlc-image new --image before:a
	rlc-image raw add-layer --image before:a one.tar
}

# whole: what holds for the layout `now` after a verb's $status: it is the new one, or the verb was
# not done and it is the old one
whole() {
	rlc-image validate --layout now >said 2>&1 || { echo "$what:"; cat said; return 1; }
	local like=after
	cmp -s now/index.json after/index.json || like=before
	[ "$like" = after ] || [ "$status" != 0 ] || { echo "$what: exit 0, and nothing was done"; return 1; }
	cmp -s now/index.json "$like/index.json" ||
		{ echo "$what: the index is neither the old nor the new"; cat now/index.json; return 1; }
	rlc-image gc --layout now >said 2>&1 || { echo "$what, gc:"; cat said; return 1; }
	[ "$(ls -A now | tr '\n' ' ')" = 'blobs index.json oci-layout ' ] || { echo "$what:"; ls -A now; return 1; }
	rlc-image validate --layout now >said 2>&1 || { echo "$what, gc:"; cat said; return 1; }
	equal "$(ls now/blobs/sha256)" "$(ls "$like/blobs/sha256")" || { echo "$what: other blobs"; return 1; }
}

# faulty N KILL COMMAND...: rlc-image's verb with its call N failing, or killed there. status, and
# `said`, in which what failed says so. 1 where the verb is over before call N.
faulty() {
	local n=$1 kill=$2
	shift 2
	what="rlc-image $* (call $n${kill:+, killed})"
	status=0
	FAILNTH_SAY=1 ${kill:+env FAILNTH_KILL=1} timeout 60 failnth "$n" \
		"$BATS_RUN_TMPDIR/bin/rlc-image" "$@" >said 2>&1 || status=$?
	case $status in
	0 | 1) [ -z "$kill" ] ;;
	100) return 1 ;;
	137) [ -n "$kill" ] ;;
	*) false ;;
	esac || { echo "$what: exit $status"; cat said; exit 1; }
	[ "$status" != 1 ] || grep -q -e '^rlc-image' -e 'Out of memory' said || { echo "$what: silent"; cat said; exit 1; }
}

# before_and_after VERB...: `after` is what the verb makes of `before`, which it knows as `now`
before_and_after() {
	rlc-image gc --layout before
	cp -a before now
	rlc-image "$@"
	rlc-image gc --layout now
	mv now after
	! cmp -s before/index.json after/index.json || return
}

# at_each_call VERB...: on a copy of the layout each time, which the verb knows as `now`; where
# STRIDE is set, at each so many calls
at_each_call() {
	local n status kill
	before_and_after "$@"
	for kill in '' 1; do
		for ((n = 1; ; n += ${STRIDE:-1})); do
			rm -rf now
			cp -a before now
			faulty $n "$kill" "$@" || break
			whole || return
		done
		[ "$n" -gt 20 ]
	done
}

# bundle: the image before:a unpacked, and changed
bundle() {
	rlc-image unpack --image before:a b
	mkdir b/rootfs/dir
	echo new >b/rootfs/dir/new
	ln b/rootfs/dir/new b/rootfs/link
	rm b/rootfs/one
	rlc-chown --root b/rootfs 7:8 /dir/new
}

@test "tag" { at_each_call tag --image now:a b; }

@test "rm" { at_each_call rm --image now:a; }

@test "new" { at_each_call new --image now:b; }

@test "config" { at_each_call config --image now:a --config.user 7 --author me; }

@test "raw add-layer" { at_each_call raw add-layer --image now:a two.tar; }

@test "raw add-layer as zstd" { at_each_call raw add-layer --compress zstd --image now:a --tag c two.tar; }

@test "insert" { STRIDE=7 at_each_call insert --image now:a d d; }

@test "squash" {
	rlc-image raw add-layer --image before:a two.tar
	STRIDE=7 at_each_call squash --image now:a
}

@test "repack" {
	bundle
	STRIDE=13 at_each_call repack --image now:a b
}

@test "repack, killed 200 times" {
	bundle
	before_and_after repack --image now:a b
	# the calls there are
	local n last=1 kills=0 status
	cp -a before now
	while faulty $((last * 2)) '' repack --image now:a b; do
		last=$((last * 2))
	done
	RANDOM=4
	while [ "$kills" -lt 200 ]; do
		rm -rf now
		cp -a before now
		n=$((RANDOM % (last * 2) + 1))
		# it may be over before that
		faulty $n 1 repack --image now:a b || continue
		whole
		kills=$((kills + 1))
	done
}

# looks_whole: the bundle `b` can be repacked, and so it has all of the image
looks_whole() {
	rlc-image repack --image before:a --tag again b >said 2>&1 || return
	runs 0 rlc-image diff before:a before:again
	is ''
	runs 0 rlc-image diff before:a tree:b/rootfs
	is ''
}

@test "unpack: a whole bundle, or one that is known for none" {
	rlc-image raw add-layer --image before:a two.tar
	local n status kill
	for kill in '' 1; do
		for ((n = 1; ; n += 7)); do
			rm -rf b
			faulty $n "$kill" unpack --image before:a b || break
			if [ "$status" = 0 ]; then
				looks_whole
			elif [ -e b/umoci.json ]; then
				# what failed has said so of some entry, or it was killed at the end
				[ -n "$kill" ] || grep -q '^rlc-image unpack' said
				[ -z "$kill" ] || looks_whole
			elif [ -e b ]; then
				runs 1 rlc-image repack --image before:a --tag again b
				has umoci.json
			fi
		done
		[ "$n" -gt 100 ]
	done
}

# archived KIND: copy to such an archive; the file is whole or not there, and nothing beside it
archived() {
	local n status kill
	mkdir out tmp
	export TMPDIR=$PWD/tmp
	rlc-image copy before:a "$1:whole"
	for kill in '' 1; do
		for ((n = 1; ; n += 5)); do
			rm -rf out/* tmp/*
			faulty $n "$kill" copy before:a "$1:out/file" || break
			[ "$status" != 0 ] || [ -e out/file ]
			[ ! -e out/file ] || cmp whole out/file
			[ -n "$kill" ] || [ -z "$(find out -mindepth 1 ! -name file)" ]
			[ -n "$kill" ] || [ -z "$(ls -A tmp)" ]
		done
		[ "$n" -gt 20 ]
	done
}

@test "copy to docker-archive" { archived docker-archive; }

@test "copy to oci-archive" { archived oci-archive; }

@test "gc" {
	rlc-image tag --image before:a b
	rlc-image raw add-layer --image before:b two.tar
	rlc-image rm --image before:b
	cp -a before saved
	local n status kill
	rlc-image gc --layout before
	[ "$(ls before/blobs/sha256 | wc -l)" = 3 ]
	for kill in '' 1; do
		for ((n = 1; ; n++)); do
			rm -rf now
			cp -a saved now
			faulty $n "$kill" gc --layout now || break
			cmp now/index.json saved/index.json
			rlc-image validate --layout now
			# what it could not remove it does not call removed
			[ "$status" != 0 ] || equal "$(ls now/blobs/sha256)" "$(ls before/blobs/sha256)"
			rlc-image gc --layout now
			equal "$(ls now/blobs/sha256)" "$(ls before/blobs/sha256)"
		done
		[ "$n" -gt 20 ]
	done
}

@test "a layout that cannot be written to: read, and refused in words" {
	if [ "$ENVIRONMENT" = root ]; then
		skip "root writes to it"
	fi
	chmod -R a-w before
	runs 0 rlc-image ls --layout before
	is a
	runs 0 rlc-image validate --layout before
	for verb in "tag --image before:a b" "rm --image before:a" "new --image before:b" \
		"config --image before:a --author x" "raw add-layer --image before:a two.tar"; do
		runs 1 rlc-image $verb
		has 'Permission denied'
	done
	runs 0 rlc-image ls --layout before
	is a
	chmod -R u+w before
}

@test "a full disk is one clear error, and the layout stays whole" {
	head -c 3000000 /dev/urandom >d/big
	rlc-tar -cf big.tar -C d big
	cat >fill <<-'EOF'
		mount -t tmpfs -o size=2m none small || exit 77
		cp -a before small/now
		rlc-image raw add-layer --image small/now:a big.tar
		echo "status=$?"
		rlc-image validate --layout small/now || exit 1
		rlc-image gc --layout small/now || exit 1
		ls -A small/now
	EOF
	mkdir small
	runs 0 unshare -rm sh fill
	has 'No space left on device'
	has 'status=1'
	[ "${lines[-3]}" = blobs ]
	[ "${lines[-2]}" = index.json ]
	[ "${lines[-1]}" = oci-layout ]
}

@test "many at once lose nothing" {
	local i job jobs=()
	for i in {1..20}; do
		rlc-image tag --image before:a "t$i" 3>&- &
		jobs+=($!)
		rlc-image config --image before:a --tag "c$i" --author "number $i" 3>&- &
		jobs+=($!)
		rlc-image gc --layout before 3>&- &
		jobs+=($!)
	done
	for job in "${jobs[@]}"; do wait "$job"; done
	runs 0 rlc-image ls --layout before
	[ "${#lines[@]}" = 41 ]
	runs 0 rlc-image validate --layout before
	for i in {1..20}; do
		equal "$(of_image "before:c$i" .config.blob.author)" "number $i"
	done
}
