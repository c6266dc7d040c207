# SPDX-License-Identifier: Apache-2.0
# rlc-build's apply where both images have packages of rpm: its database is put together by the
# image's own rpm. Here that is a script, whose database is what rpmdb --exportdb writes.
# environments: user root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	mkdir -p rootfs/usr/bin rootfs/var/lib/rpm
	programs rootfs sh cat rm
	rpm_script >rootfs/usr/bin/rpm
	rpmdb_script >rootfs/usr/bin/rpmdb
	chmod +x rootfs/usr/bin/rpm rootfs/usr/bin/rpmdb
	rlc-chown -Rh 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
	cat >stacker.yaml <<-'END'
		base:
		  from: {type: oci, url: "base:base"}
		  run: rpm -i beta 1
		alpha:
		  from: {type: built, tag: base}
		  run: rpm -i alpha 1; rpm -i same 5 later
		gamma:
		  from: {type: built, tag: base}
		  run: rpm -i gamma 2; rpm -i same 5
	END
}

# rpm -i NAME VERSION [SUMMARY]: adds a header with these; rpm --eval: where the database is
rpm_script() {
	cat <<-'END'
		#!/bin/sh
		number() { for shift in 24 16 8 0; do printf "\\$(printf %03o $(($1 >> shift & 255)))"; done; }
		tag() { number "$1"; number 6; number "$2"; number 1; }
		case $1 in
		--eval) echo /var/lib/rpm ;;
		-i)
			v=$((${#2} + 1)) r=$((${#2} + ${#3} + 2))
			{
				printf '\216\255\350\001\0\0\0\0'
				number 5
				number $((r + 9 + ${#4} + 1))
				tag 1000 0; tag 1001 $v; tag 1002 $r; tag 1022 $((r + 2)); tag 1004 $((r + 9))
				printf '%s\0%s\0' "$2" "$3"
				printf '1\0noarch\0%s\0' "$4"
			} >>"${DB-/var/lib/rpm}/db" ;;
		esac
	END
}

# A database of which something was left over would show it
rpmdb_script() {
	cat <<-'END'
		#!/bin/sh
		cd /var/lib/rpm
		case $1 in
		--exportdb) if [ -e db ]; then cat db; fi ;;
		--importdb) cat >>db ;;
		esac
	END
}

# installs NAME VERSION [SUMMARY]: adds it to the database that is expected
installs() { DB=. sh <(rpm_script) -i "$@"; }

packages_of() {
	rm -rf seen
	rlc-image unpack --image "oci:$1" seen
	cat seen/rootfs/var/lib/rpm/db
}

@test "apply: packages that each image installed are all in rpm's database, once" {
	cat >>stacker.yaml <<-'END'
		both:
		  from: {type: built, tag: alpha}
		  apply: [gamma]
	END
	runs 0 rlc-build build
	has "both: merging rpm's databases" "both: built"
	installs beta 1
	installs alpha 1
	installs same 5 later
	installs gamma 2
	packages_of both | cmp - db
	equal "$(of_image oci:both '.manifest.blob.layers[3].digest')" "$(of_image oci:gamma '.manifest.blob.layers[2].digest')"
	runs 0 rlc-build build
	has "both: cached"
}

@test "apply: a third image's packages come to those of two; what one removed is gone" {
	cat >>stacker.yaml <<-'END'
		delta:
		  from: {type: built, tag: base}
		  run: rm /var/lib/rpm/db; rpm -i delta 1
		all:
		  from: {type: built, tag: alpha}
		  apply: [gamma, delta]
	END
	runs 0 rlc-build build
	installs alpha 1
	installs same 5 later
	installs gamma 2
	installs delta 1
	packages_of all | cmp - db
}

@test "apply: a package that both changed, and not alike, is named" {
	cat >>stacker.yaml <<-'END'
		other:
		  from: {type: built, tag: base}
		  run: rpm -i alpha 2
		both:
		  from: {type: built, tag: alpha}
		  apply: [other]
	END
	runs 1 rlc-build build
	has "both: alpha.noarch: both changed this package, and not alike"
	runs 1 rlc-image stat --image oci:both
}

@test "apply: where the image has no rpmdb, or one that writes something else, that is said" {
	cat >>stacker.yaml <<-'END'
		without:
		  from: {type: built, tag: base}
		  run: rm /usr/bin/rpmdb; rpm -i delta 1
		bare:
		  from: {type: built, tag: alpha}
		  apply: [without]
		broken:
		  from: {type: built, tag: base}
		  run: echo text >/var/lib/rpm/db
		damaged:
		  from: {type: built, tag: alpha}
		  apply: [broken]
	END
	runs 1 rlc-build build
	has "without: both changed rpm's database, and rpmdb, which could merge it, does not run in this image"
	has "damaged: rpm's database: has packages that cannot be read, or one twice"
	runs 1 rlc-image stat --image oci:bare
	runs 1 rlc-image stat --image oci:damaged
}
