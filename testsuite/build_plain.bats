# SPDX-License-Identifier: Apache-2.0
# rlc-build where no overlay can be mounted: steps run in a tree unpacked as a whole, and the images
# are the same to the byte.
# environments: user tmpfs root
load lib

# Two layers: what is only in the lower one, in both, and gone in the upper one.
setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh ls cat id mkdir stat touch rm ln sleep env chown chmod mv cp rmdir mkfifo truncate dd mknod
	mkdir -p rootfs/b/{keep/deep,dir,todir,again/in/deep,moved/in,empty,times,linked,made} rootfs/etc
	cd rootfs/b
	for f in file same touched opened removed chmodded chowned linked/one replaced todir/in again/one \
		again/two again/in/old again/in/deep/old moved/file moved/in/file dir/file keep/deep/file times/file upper; do
		echo "$f" >$f
	done
	ln linked/one linked/two
	ln linked/one linked/three
	ln -s file link
	ln -s file chownedlink
	truncate -s 3M sparse
	printf x | dd of=sparse bs=1 seek=2000000 conv=notrunc status=none
	mkfifo fifo
	touch su && chmod 4755 su
	mkdir ../implied
	echo x >../implied/file
	ln -s file ../implied/link
	chmod 1777 ../implied
	ln -s b ../toplink
	cd ../..
	find rootfs -exec touch -h -d @1000000000 {} +
	rlc-chown -Rh 0:0 rootfs
	rlc-chown -h 33:34 rootfs/b/link rootfs/b/fifo rootfs/toplink
	rlc-chown -h 3:4 rootfs/implied rootfs/implied/link
	rlc-chown 5:6 rootfs/b/dir
	rlc-image copy tree:rootfs base:one
	layer <<-'END' >two.tar
		layer.directory("b", time="1100000000")
		layer.add("b/.wh.upper")
		layer.add("b/upper2", data=b"2")
		layer.directory("b/dir", time="1100000000", mode=0o750)
		layer.add("b/dir/two", data=b"two", attrs={"user.note": b"hello"})
		layer.symlink("b/dir/link", "two", owner=(7, 8))
		layer.add("implied/two", data=b"two", time="1100000000")
	END
	rlc-image raw add-layer --image base:one --tag base two.tar
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
	export SOURCE_DATE_EPOCH=1700000000
}

# The file, from standard input
file() { sed "s|BASE|$WORK/base:base|" >stacker.yaml; }

# Both ways, and again with what the first build of each left: overlay/, plain/
both_ways() {
	mkdir o o/p l u w m
	[ ! -e x ] || cp x o/p
	cp stacker.yaml l
	[ ! -e x ] || cp x l
	(cd o/p && cp ../../stacker.yaml . && rlc-build build && cp -r oci ../../overlay) || return
	runs 0 in_overlay
	has "overlay: cannot be mounted"
}

# On an overlay no other one has its upper directory.
in_overlay() {
	local map=-rm
	records || map=-m
	unshare $map sh -c 'mount -t overlay over -o lowerdir=l,upperdir=u,workdir=w,userxattr m || exit 77
		cd m && rlc-build check && rlc-build build && cp -r oci ../plain'
}

# What both ways made of each of these is the same
same_images() {
	local tag
	for tag; do
		runs 0 rlc-image diff "oci:overlay:$tag" "oci:plain:$tag"
		is ""
		equal "$(layer_of "overlay:$tag" -1)" "$(layer_of "plain:$tag" -1)"
		equal "$(of_image "overlay:$tag" .manifest.descriptor.digest)" \
			"$(of_image "plain:$tag" .manifest.descriptor.digest)"
	done
}

@test "all kinds of changes make the same layer" {
	file <<-'END'
		a:
		  from: {type: oci, url: "BASE"}
		  run: |
		    cd /b
		    echo new >new
		    echo changed >file
		    chmod 0600 chmodded
		    chown 5:6 chowned
		    chown -h 9:10 chownedlink
		    touch touched
		    cat same >/tmp/same; cat /tmp/same >same; rm /tmp/same
		    : >>opened
		    rm removed
		    rm -r todir; echo x >todir
		    rm replaced; mkdir replaced; echo x >replaced/in
		    rm -r again; mkdir -p again/in/deep; echo one >again/one; echo new >again/in/deep/new
		    mv moved other
		    touch -d @5 times/file
		    touch times/x; rm times/x
		    rmdir empty
		    ln file filelink
		    mkdir -p fresh/in/deep
		    echo 1 >fresh/1; ln fresh/1 fresh/in/2; ln fresh/1 0
		    ln -s nowhere fresh/link
		    mkfifo newfifo
		    mknod null c 1 3
		    chmod 4755 new; chown 11:12 su
		    truncate -s 5M hole; dd if=/dev/zero of=zeros bs=64k count=40 status=none
		    chmod 0600 sparse
		    echo x >keep/deep/file
		    echo y >"$(printf 'a\351b')"
		    echo z >"$(printf '%0200d' 1)"
		    mkdir "$(printf '%0180d' 2)"; echo z >"$(printf '%0180d' 2)/$(printf '%0180d' 3)"
		    rm dir/file; echo more >dir/more
		    mkdir none; chmod 0 none
		    rm upper2; echo back >upper
		b:
		  from: {type: built, tag: a}
		  run: |
		    cd /b
		    stat -c '%n %u:%g %a %Y' link chownedlink dir/link dir/* again/* su null fifo newfifo none \
		        /implied /implied/* /toplink >list
		    touch -h /toplink; ln /implied/link hard; mv fifo fifo2; echo y >/implied/file
		    rm again/one upper
		    chown -h 1:1 link dir/link
		    rm -r other/in
		    mv fresh/in/2 fresh/3
		    echo + >>keep/deep/file
	END
	both_ways
	same_images a b
	# The second image was built on what the first one left in the store, and now on its layer
	mkdir cold
	sed '/^b:/,$d' stacker.yaml >cold/stacker.yaml
	cd cold
	rlc-build build
	rm -r .stacker/store
	cp ../stacker.yaml .
	runs 0 rlc-build build
	has "b: running"
	lacks "a: running"
	equal "$(of_image oci:b .manifest.descriptor.digest)" \
		"$(of_image ../overlay:b .manifest.descriptor.digest)"
}

@test "nothing changed is no layer, and the top alone is one; imports, and a base of nothing" {
	echo x >x
	file <<-'END'
		none:
		  from: {type: oci, url: "BASE"}
		  imports: [x]
		  run: |
		    : >>/b/opened
		    chmod 0644 /b/file; chown 0:0 /b/link; chown -h 33:34 /b/link
		    touch /stacker/left
		    ln /b/file /tmp/a; rm /tmp/a; touch -d @1000000000 /tmp
		top:
		  from: {type: oci, url: "BASE"}
		  run: touch /x; rm /x
		mode:
		  from: {type: oci, url: "BASE"}
		  run: chmod 0700 /
		scratch:
		  from: {type: scratch}
		  imports: [{path: x, dest: /etc/deep/}]
		more:
		  from: {type: built, tag: scratch}
		  imports: [{path: x, dest: /etc/, mode: 0600, uid: 5}]
	END
	both_ways
	same_images none top mode scratch more
	equal "$(depth overlay:none)" 2
	equal "$(depth overlay:top)" 3
	equal "$(layer_of overlay:more -1)" "etc/ etc/x "
}
