# SPDX-License-Identifier: Apache-2.0
# What every *.bats file starts with: `load lib`. Each test starts in an empty
# directory of its own, $WORK, with rlc and rlc-APPLET in the path.
#
# A line "# environments: WORD..." in a file says where `make check` runs it: all, or some of
#   user       an ordinary user on ext4
#   tmpfs      the same on tmpfs
#   nons       the same where user namespaces are refused
#   noopenat2  the same where openat2 is forbidden
#   oldkernel  the same without openat2, fchmodat2 and the *xattrat calls
#   inns       the same, as root in a user namespace
#   root       real root
# Without the line it is run in all of them. $ENVIRONMENT holds the word.

RLC=$(realpath "${RLC:-$BATS_TEST_DIRNAME/../build/rlc}")
TOOLS=${TOOLS:-$(dirname "$RLC")/tools}
GEN=$BATS_TEST_DIRNAME/gen
DATA=$BATS_TEST_DIRNAME/data
export RLC TOOLS GEN DATA LC_ALL=C.UTF-8 TZ=UTC PYTHONDONTWRITEBYTECODE=1
unset SOURCE_DATE_EPOCH TAR_OPTIONS GZIP POSIXLY_CORRECT
umask 022

if [ -z "${ENVIRONMENT-}" ]; then
	if [ "$(id -u)" = 0 ]; then ENVIRONMENT=root; else ENVIRONMENT=user; fi
	export ENVIRONMENT
fi

# rlc-APPLET can be run by any program, not by the shell only
if [ ! -d "$BATS_RUN_TMPDIR/bin" ]; then
	mkdir "$BATS_RUN_TMPDIR/bin"
	ln -s "$RLC" "$BATS_RUN_TMPDIR/bin/rlc"
	for applet in $("$RLC" --list); do
		ln -s "$RLC" "$BATS_RUN_TMPDIR/bin/rlc-$applet"
	done
fi
PATH=$BATS_RUN_TMPDIR/bin:$TOOLS:$PATH:/usr/sbin:/sbin

setup() { rlc_setup; }
teardown() { rlc_teardown; }

# For a file that has a setup or teardown of its own: call these there.
rlc_setup() {
	WORK=$BATS_TEST_TMPDIR
	cd "$WORK" || return
}

# Modes that would stop rm are taken away.
rlc_teardown() {
	cd /
	chmod -R u+rwX "$BATS_TEST_TMPDIR" 2>/dev/null || :
}

# Whether owners are kept in records here. Real root has the owners themselves.
records() { [ "$ENVIRONMENT" != root ]; }

# runs STATUS COMMAND...: the exit status must be that; $output and ${lines[@]} are as
# after bats's run (both standard output and standard error).
runs() {
	local want=$1
	shift
	run "$@"
	[ "$status" -eq "$want" ] && return
	printf 'exit %s, not %s: %s\n%s\n' "$status" "$want" "$*" "$output"
	return 1
}

# is TEXT: the output is exactly that.
is() {
	[ "$output" = "$1" ] && return
	diff -u <(printf '%s\n' "$1") <(printf '%s\n' "$output")
	return 1
}

# has TEXT...: the output has each of these somewhere. (Text, no pattern.)
has() {
	local text
	for text; do
		[[ $output == *"$text"* ]] && continue
		printf 'no "%s" in:\n%s\n' "$text" "$output"
		return 1
	done
}

# lacks TEXT...: the output has none of these.
lacks() {
	local text
	for text; do
		[[ $output != *"$text"* ]] && continue
		printf '"%s" is in:\n%s\n' "$text" "$output"
		return 1
	done
}

# same FILE FILE: they have the same bytes.
same() {
	cmp -s "$1" "$2" && return
	diff -au "$1" "$2" | head -n 60
	return 1
}

# equal GOT WANTED
equal() {
	[ "$1" = "$2" ] && return
	printf 'got:    %s\nwanted: %s\n' "$1" "$2"
	return 1
}

# record FILE: its record in hex, as getfattr sees it; nothing where there is none.
record() {
	getfattr --absolute-names --only-values -h -n user.rootlesscontainers "$1" 2>/dev/null |
		od -An -v -tx1 | tr -d ' \n'
}

# owner FILE: uid:gid as the container sees it, whoever runs this.
owner() { rlc-stat -c %u:%g "$1"; }

# gen NAME [ARGUMENT...]: runs gen/NAME.py
gen() {
	local name=$1
	shift
	/usr/bin/python3 "$GEN/$name.py" "$@"
}

# layer: Python statements about `layer` (gen/layer.py) from standard input make an archive
layer() {
	/usr/bin/python3 -c 'import os, sys, tarfile
sys.path.insert(0, os.environ["GEN"])
from layer import Layer
layer = Layer(sys.stdout.buffer)
exec(sys.stdin.read())
layer.tar.close()'
}

# image TAG TAR...: an image of these layers in oci
image() {
	local tag=$1 tar
	shift
	[ -d oci ] || rlc-image init --layout oci || return
	rlc-image new --image "oci:$tag" || return
	for tar; do rlc-image raw add-layer --image "oci:$tag" "$tar" || return; done
}

# layout STATEMENT...: a new one in l (gen/oci.py)
layout() {
	rm -rf l
	gen oci "$@"
}

# of_image IMAGE FILTER: what jq says of the image
of_image() { rlc-image stat --json --image "$1" | jq -r "$2"; }

# layers TAG: how many layers the image in oci has
layers() { of_image "oci:$1" '.manifest.blob.layers | length'; }

# top_layer IMAGE: the file of its uppermost layer
top_layer() { echo "${1%%:*}/blobs/$(of_image "$1" '.manifest.blob.layers[-1].digest' | tr : /)"; }

# names TAG: what is in the uppermost layer of the image in oci, in one line
names() { rlc-tar -tf "$(top_layer "oci:$1")" | tr '\n' ' '; }

# lower: a layer with something of everything
lower() {
	layer <<-'END' >0.tar
		layer.directory(".", time="1234567890")
		layer.directory("etc", owner=(0, 42))
		layer.add("etc/shadow", data=b"x\n", mode=0o640, owner=(0, 42))
		layer.add("etc/none", data=b"secret", mode=0, owner=(7, 8))
		layer.directory("closed", mode=0, owner=(3, 4))
		layer.add("closed/in", data=b"in")
		layer.symlink("link", "etc/sha dow", owner=(33, 34))
		layer.hardlink("etc/shadow2", "etc/shadow")
		layer.add("su", data=b"su", mode=0o4755, attrs={"user.note": b"hello"})
		layer.add("odd *?[#\\\x01\xe9 name", data=b"odd")
		layer.add("null", tarfile.CHRTYPE, device=(1, 3), mode=0o666)
		layer.add("fifo", tarfile.FIFOTYPE, owner=(5, 6))
		layer.directory("gone/below")
		layer.add("gone/below/f")
		layer.directory("kept")
		layer.add("kept/old")
	END
}

# programs DIR NAME...: copies these programs of the host with what they need into a tree
programs() {
	local dir=$1 name file
	shift
	mkdir -p "$dir/bin" "$dir/tmp"
	for name; do
		cp -L "$(PATH=/usr/bin:/bin:/usr/sbin command -v "$name")" "$dir/bin/" || return
		for file in $(ldd "$dir/bin/$name" | grep -o '/[^ )]*'); do
			mkdir -p "$dir${file%/*}"
			cp -Ln "$file" "$dir$file"
		done
	done
}

# layer_of IMAGE N: the names in its layer of that number, from 0, without its top
layer_of() {
	local blob
	blob=$(of_image "$1" ".manifest.blob.layers[$2].digest" | cut -d: -f2)
	rlc-tar tf "${1%%:*}/blobs/sha256/$blob" | sed 's|^\./||; /^$/d' | tr '\n' ' '
}

# depth IMAGE: how many layers it has
depth() { of_image "$1" '.manifest.blob.layers | length'; }

# bundle [FILTER]: b, a bundle that shows the host's programs, with its config.json as jq's filter
# changes it; its container may be run by runc and crun, too
bundle() {
	mkdir -p b/rootfs/{usr,etc,proc,dev,tmp}
	ln -sfn usr/bin b/rootfs/bin
	ln -sfn usr/lib b/rootfs/lib
	ln -sfn usr/lib64 b/rootfs/lib64
	printf 'root:x:0:0::/root:/bin/sh\nmail:x:8:8::/var/mail:/bin/sh\n' >b/rootfs/etc/passwd
	printf 'root:x:0:\nmail:x:8:\nstaff:x:50:mail\n' >b/rootfs/etc/group
	jq -n --argjson uid "$(id -u)" --argjson gid "$(id -g)" '
		["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FOWNER", "CAP_SETUID", "CAP_SETGID", "CAP_KILL"]
			as $caps |
		{ociVersion: "1.0.2", root: {path: "rootfs"}, hostname: "box", process: {
			user: {uid: 0, gid: 0}, cwd: "/", args: ["sh"], env: ["PATH=/usr/bin:/bin"],
			capabilities: {bounding: $caps, effective: $caps, permitted: $caps}},
		mounts: [
			{destination: "/proc", type: "proc", source: "proc"},
			{destination: "/dev", type: "tmpfs", source: "tmpfs",
				options: ["nosuid", "mode=755"]},
			{destination: "/dev/pts", type: "devpts", source: "devpts",
				options: ["newinstance", "ptmxmode=0666", "mode=0620"]},
			{destination: "/usr", type: "none", source: "/usr", options: ["rbind", "ro"]}],
		linux: {namespaces: [{type: "pid"}, {type: "ipc"}, {type: "uts"}, {type: "mount"}]}} |
		if $uid == 0 then . else
			.linux.namespaces += [{type: "user"}] |
			.linux.uidMappings = [{containerID: 0, hostID: $uid, size: 1}] |
			.linux.gidMappings = [{containerID: 0, hostID: $gid, size: 1}] end' >b/base.json
	jq "${1:-.}" b/base.json >b/config.json
}

# boxed SCRIPT: what a shell in the container of b does
boxed() { rlc-run --root "$WORK/states" -b b sh -c "$1"; }
