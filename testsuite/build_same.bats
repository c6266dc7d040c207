# SPDX-License-Identifier: Apache-2.0
# rlc-build with SOURCE_DATE_EPOCH: the same inputs make the same images to the byte, whoever builds,
# where, when, in what order and with how much of it cached.
# environments: user inns root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR" || return
	programs rootfs sh cat touch mkdir chown chmod ln rm mknod setfattr mkfifo ls cp stat hostname
	rlc-chown -h 0:0 rootfs
	mkdir p
	cd p || return
	rlc-image copy tree:../rootfs base:base
	rlc-image copy --compress zstd base:base zstd:base
	mkdir -p dir/sub over/etc
	for n in 1 2 3 4 5 6 7 8 9; do
		echo $n | tee dir/f$n dir/sub/$n >over/etc/$n
		chmod "0$((n % 8))44" dir/f$n
	done
	chmod u+r dir/*
	ln -s f1 dir/link
	ln dir/f2 dir/f2too
	setfattr -n user.b -v 1 over/etc/1
	setfattr -n user.a -v 2 over/etc/1
	tar cf archive.tar --mtime=@5 dir
	cat >stacker.yaml <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  imports:
		    - dir
		    - {path: dir, dest: /imported/, uid: 7}
		    - {path: dir/, dest: /content}
		  overlay_dirs: [{source: over}]
		  run: |
		    mkdir -p /made/dir
		    for n in 9 3 5 1; do cat /bin/* >/made/big$n; echo $n >/made/$n; done
		    ln /made/9 /made/hard
		    ln -s 9 /made/soft
		    chown 5:6 /made/3
		    chown -h 7:8 /made/soft
		    chmod 6755 /made/5
		    mkfifo /made/fifo
		    cp -a /stacker/imports/dir /made/copied
		    stat -c "%n %F %a %u:%g" /stacker /stacker/* >/made/list
		    stat -c "%n %F %a %u:%g %Y" /stacker/imports/dir/* /made/copied/* >>/made/list
		    setfattr -n user.z -v 1 /made/1
		    setfattr -n user.y -v 1 /made/1
		    rm -r /bin/mknod /imported/dir/sub
		    touch -d 2030-01-01 /made/future
		    touch -d 2001-01-01 /made/past
		    hostname >/made/host
		    echo "$TZ $LANG $TERM $USER" >/made/env
		  generate_labels: |
		    for n in z b a; do echo $n >/oci-labels/$n; done
		  labels: {y: "1", x: "2"}
		b:
		  from: {type: built, tag: a}
		  apply: [c]
		  run: rm -r /made/dir; touch /made/again
		  cmd: x
		c:
		  from: {type: oci, url: "base:base"}
		  run: echo c >/c
		d:
		  from: {type: tar, url: archive.tar}
		  imports: [{path: "stacker://a/made", dest: /}]
		  volumes: [/b, /a]
		e:
		  from: {type: oci, url: "zstd:base"}
		  run: cat /bin/* /bin/* >/big
	END
	export SOURCE_DATE_EPOCH=1700000000
	rlc-build build -q --work-dir ../first || { cat ../first/.stacker/logs/*; return 1; }
	digests ../first/oci >../digests
}

# digests LAYOUT: of all images, by their names
digests() {
	for tag in a b c d e; do
		echo "$tag $(of_image "$1:$tag" .manifest.descriptor.digest)"
	done
}

setup() {
	rlc_setup
	export SOURCE_DATE_EPOCH=1700000000
	cp -a "$BATS_FILE_TMPDIR/p" p
	cd p || return
}

# same_images LAYOUT: they are what was built first; otherwise what differs
same_images() {
	rlc-image validate --layout "$1" || return
	digests "$1" >"$WORK/digests"
	same "$WORK/digests" "$BATS_FILE_TMPDIR/digests" && return
	for tag in a b c d e; do rlc-image diff "oci:$BATS_FILE_TMPDIR/first/oci:$tag" "oci:$1:$tag"; done
	return 1
}

@test "cold, warm, a part of it cached, elsewhere, one after another, side by side" {
	rlc-build build -q
	same_images oci
	rlc-build build -q --no-cache --jobs 1
	same_images oci
	rlc-build build -q --no-cache --jobs 8
	same_images oci
	rm -r oci
	rlc-build build -q
	same_images oci
	rm -r oci .stacker/store
	sed -i.old 's/  cmd: x/  cmd: z/' stacker.yaml
	rlc-build build -q
	run same_images oci
	[ "$status" != 0 ]
	mv stacker.yaml.old stacker.yaml
	rm -r .stacker/cache
	rlc-build build -q
	same_images oci
	rm .stacker/layout/blobs/sha256/*
	rlc-build build -q
	same_images oci
	mkdir -p ../a/b
	mv ../p "../a/b/other name"
	cd "$WORK"
	rlc-build --work-dir w build -q -f "a/b/other name/stacker.yaml"
	same_images w/oci
}

@test "another time, umask, place on earth, language, environment, name of the host, number of processors" {
	find . -exec touch -h -d 2001-02-03 {} +
	(
		umask 0
		rlc-build build -q
	)
	same_images oci
	find . ! -path './oci/*' ! -path './.stacker/*' -exec touch -h {} +
	(
		umask 077
		rlc-build build -q --no-cache
	)
	same_images oci
	TZ=Asia/Kolkata LANG=de_DE.UTF-8 LC_ALL=tr_TR.UTF-8 TERM=dumb USER=x HOME=/x PATH=$PATH:/x \
		rlc-build build -q --no-cache
	same_images oci
	unshare -r --uts sh -c 'hostname elsewhere && rlc-build --stacker-dir s build -q'
	same_images oci
	taskset -c "$(taskset -pc $$ | sed 's/.*[ ,-]//')" rlc-build build -q --no-cache
	same_images oci
	(
		ulimit -n 256
		rlc-build build -q --no-cache
	)
	same_images oci
}

@test "another file system, which has directories in another order" {
	find . ! -type d ! -path './base/*' ! -path './zstd/*' | sort -r >names
	mkdir t
	unshare -rm sh -ec 'mount -t tmpfs none t
		cp -a base zstd t
		tar c --no-recursion --xattrs -T names | tar x -C t --xattrs
		chmod --reference=dir t/dir
		chmod --reference=over/etc t/over/etc
		cd t
		ls -U dir >../order
		rlc-build build -q
		cp -a oci ..'
	if [ "$(cat order)" = "$(ls -U dir)" ]; then
		echo "the order of directories is the same there"
		return 1
	fi
	same_images oci
}

@test "real root, an ordinary user, root of a user namespace" {
	unshare -r rlc-build build -q
	same_images oci
	[ "$ENVIRONMENT" = root ] || return 0
	# an ordinary user needs a place that he can get to
	unshare -m sh -ec 'mount -t tmpfs none /mnt
		cp -a . /mnt/p
		cp "$RLC" /mnt/rlc-build
		chown -R 61233:61233 /mnt
		old=$PWD
		cd /mnt/p
		rm -r oci .stacker
		setpriv --reuid=61233 --regid=61233 --clear-groups --inh-caps=-all --no-new-privs \
			/mnt/rlc-build build -q
		cp -r oci "$old/theirs"'
	same_images theirs
}

@test "zeros are zeros, whether the file system has a hole for them" {
	head -c 300k /dev/zero >file
	for sparse in always never; do
		cat >stacker.yaml <<-END
			$sparse:
			  from: {type: oci, url: "base:base"}
			  imports: [file]
			  run: cp --sparse=$sparse /stacker/imports/file /file
		END
		rlc-build build
	done
	equal "$(of_image oci:always .manifest.blob.layers[-1].digest)" "$(of_image oci:never .manifest.blob.layers[-1].digest)"
}
