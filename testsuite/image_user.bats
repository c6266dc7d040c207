# SPDX-License-Identifier: Apache-2.0
# rlc-image as an ordinary user alone: maps of one id, files that are not read.
# environments: user
load lib

@test "--uid-map and --gid-map: one's own ids alone as an ordinary user, others are refused" {
	layer <<<'layer.add("f", owner=(1000, 1000)); layer.add("r", owner=(0, 0))' >0.tar
	image a 0.tar
	runs 1 rlc-image unpack --image oci:a --uid-map 0:100000:1000 b
	has "your own id $(id -u) is not in it"
	[ ! -e b ]
	rlc-image unpack --image oci:a --rootless --uid-map "1000:$(id -u):1" --gid-map "1000:$(id -g):1" b
	equal "$(record b/rootfs/f)" ""
	equal "$(record b/rootfs/r)" 08001000
	equal "$(jq -c '.map_options.uid_mappings[0]' b/umoci.json)" "{\"containerID\":1000,\"hostID\":$(id -u),\"size\":1}"
}

@test "files that nobody touched are not read" {
	lower
	image a 0.tar
	rlc-image unpack --image oci:a c
	sleep 0.1
	# the manifest was written right behind the files: some may be too young to be believed
	rlc-image repack --refresh-bundle --image oci:x c
	echo changed >c/rootfs/su
	runs 0 strace -f -e trace=openat rlc-image repack --image oci:n c
	has '"su", O_RDONLY'
	lacks '"shadow", O_RDONLY' '"in", O_RDONLY'
}

# guest: an image in which the host's programs can be shown
guest() {
	layer <<-'END' >0.tar
		layer.directory(".")
		layer.directory("usr")
		for name in "bin", "lib", "lib64":
		    layer.symlink(name, "usr/" + name)
		layer.directory("d", owner=(1, 1))
		layer.add("d/f", data=b"f", owner=(2, 2))
		layer.add("d/g")
	END
	layer <<<'layer.add("second")' >1.tar
	image a 0.tar 1.tar
}

# work OPTION...: owners change in the guest
work() { rlc-unshare "$@" --bind /usr:/usr:ro sh -c 'chown 33:34 /d/f && chown 5:6 /d'; }

@test "image, fake root at work in its tree, image: just what changed, with true owners" {
	guest
	rlc-image unpack --image oci:a b
	work -R b/rootfs
	rlc-image repack --image oci:n b
	equal "$(names n)" "d/ d/f "
	rlc-image raw unpack --image oci:n r
	equal "$(owner r/d) $(owner r/d/f) $(owner r/d/g)" "5:6 33:34 0:0"
}

@test "the same over an overlay, of which only the upper directory is read" {
	guest
	rlc-image unpack --overlay --image oci:a b
	work --overlay b/layers/1:b/layers/0 --upper b/upper --work b/work
	rlc-image repack --image oci:n b
	equal "$(names n)" "./ d/ d/f "
	rlc-image raw unpack --image oci:n r
	equal "$(owner r/d) $(owner r/d/f) $(owner r/d/g)" "5:6 33:34 0:0"
}

@test "runc runs a bundle as an ordinary user" {
	command -v runc >/dev/null || skip "runc is missing"
	layer <<<'layer.add("su", data=b"su", owner=(0, 42))' >0.tar
	image a 0.tar
	mkdir -p bin/bin
	cp "$RLC" bin/bin/rlc
	rlc-image insert --image oci:a bin /
	rlc-image config --image oci:a --config.entrypoint /bin/rlc --config.cmd stat --config.cmd=-c \
		--config.cmd '%u:%g %n' --config.cmd /su --config.cmd /bin/rlc
	rlc-image unpack --image oci:a b
	jq '.process.terminal = false' b/config.json >c
	mv c b/config.json
	run runc --root "$WORK/state" run -b b "rlc-test-$$"
	[[ $output != *"cannot set up"* && $output != *"operation not permitted"* ]] || skip "runc cannot run here"
	equal "$status" 0
	has "0:42 /su" "0:0 /bin/rlc"
}
