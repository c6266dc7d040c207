# SPDX-License-Identifier: Apache-2.0
# rlc-build: what options and the configuration say of messages and of places.
# environments: user root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh sleep touch cat
	rlc-chown -h 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
	export HOME=$PWD/home
	unset XDG_CONFIG_HOME
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: touch /a
	END
}

# The file, from standard input
file() { cat >stacker.yaml; }

slow() {
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: |
		    sleep 1.5
		    touch /a
		    sleep 1
		b:
		  from: {type: built, tag: a}
		  run: touch /b
	END
}

@test "--debug says where things are, why an image is built, and the command that runs" {
	runs 0 rlc-build build
	lacks "stacker directory" "rlc-unshare" "building:"
	sed -i 's|/a$|"/a b"|' stacker.yaml
	runs 0 rlc-build --debug build
	has "rlc-build build: stacker directory: $PWD/.stacker; layout: $PWD/oci" \
		"a: building: run, the file's text" "a: rlc-unshare " " --hostname stacker " \
		" -- /stacker/imports/.stacker-run.sh"
	runs 0 rlc-build chroot --debug a touch "it s"
	has "a: rlc-unshare " "-- touch 'it s'"
}

@test "a terminal sees what is built, and for how long, in one line that goes" {
	slow
	runs 0 gen terminal rlc-build build <<-'EOF'
		see a 0:00; 0 of 2 done
		see a| + touch /a
		see a 0:01; 0 of 2 done
		see b: built
	EOF
	[[ $output == *$'\033[K' ]]
}

@test "a narrow terminal's line is cut" {
	slow
	runs 0 gen terminal rlc-build build <<-'EOF'
		size 24 12
		see a 0:00; 0 o\033[K
	EOF
}

@test "no terminal sees no line, but with --progress; no option, none" {
	slow
	runs 0 rlc-build build
	lacks "of 2 done" $'\033'
	runs 0 rlc-build build --no-cache --progress
	has "a 0:00; 0 of 2 done"
	runs 0 rlc-build build --no-cache --progress --no-progress
	lacks "of 2 done" $'\033'
	runs 0 gen terminal rlc-build --no-progress build --no-cache </dev/null
	lacks "of 2 done" $'\033'
}

@test "what is short shows no line" {
	rlc-build build
	runs 0 gen terminal rlc-build build </dev/null
	lacks "of 1 done" $'\033'
}

@test "--roots-dir is where unpacked layers are, and clean finds them there" {
	runs 0 rlc-build --roots-dir r build
	[ -d r/store/layers ]
	[ ! -e .stacker/store ]
	runs 0 rlc-build --roots-dir r chroot a cat /stacker/imports/.stacker-run.sh
	has "touch /a"
	touch r/mine
	sed -i 's/^  run:.*/  imports: [{path: "r", dest: "\/"}]/' stacker.yaml
	runs 1 rlc-build --roots-dir r build
	has "--roots-dir puts that elsewhere"
	runs 0 rlc-build --roots-dir r gc
	runs 0 rlc-build --roots-dir r clean
	equal "$(ls -A r)" mine
	[ ! -e .stacker ]
}

@test "--roots-dir: a directory that is no store is not removed" {
	runs 0 rlc-build --roots-dir r build
	touch r/store/mine
	runs 1 rlc-build --roots-dir r clean
	has "$PWD/r/store: is not removed"
	[ -d .stacker ]
}

@test "stacker's configuration is read where stacker has it, and --config instead of it" {
	mkdir -p home/.config/stacker xdg
	printf 'work_dir: w\noci_dir: o\n' >home/.config/stacker/conf.yaml
	runs 0 rlc-build build
	[ -d w/.stacker ]
	[ -d o/blobs ]
	[ ! -e .stacker ]
	runs 0 rlc-build --work-dir v --oci-dir p build
	[ -d v/.stacker ]
	[ -d p/blobs ]
	echo 'stacker_dir: s' >xdg/conf.yaml
	XDG_CONFIG_HOME=$PWD/xdg runs 0 rlc-build build
	[ -d s/layout ]
	[ -d oci ]
	echo 'stacker_dir: t' >conf
	runs 0 rlc-build --config conf build
	[ -d t/layout ]
	echo '[' >home/.config/stacker/conf.yaml
	runs 1 rlc-build build
	has "$HOME/.config/stacker/conf.yaml"
	HOME='' runs 0 rlc-build build
}

@test "STACKER_WORK_DIR is what --work-dir says" {
	sed -i 's/^  run:.*/  labels: {w: "<${{STACKER_WORK_DIR}}>"}/' stacker.yaml
	mkdir w
	runs 0 rlc-build --work-dir w build
	equal "$(of_image w/oci:a .config.blob.config.Labels.w)" "<w>"
	runs 0 rlc-build build
	equal "$(of_image oci:a .config.blob.config.Labels.w)" "<>"
}
