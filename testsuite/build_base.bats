# SPDX-License-Identifier: Apache-2.0
# rlc-build: what images are based on: archives, layouts, images of several platforms.
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

@test "an archive is a base, compressed or not, and out of another image" {
	mkdir t
	echo x >t/x
	rlc-tar cf t.tar -C t x
	gzip -k t.tar
	file <<-'END'
		a:
		  from: {type: tar, url: t.tar.gz}
		b:
		  from: {type: scratch}
		  imports: [{path: t.tar, dest: /}]
		c:
		  from: {type: tar, url: "stacker://b/t.tar"}
		  imports: [{path: t/x, dest: /y}]
	END
	runs 0 rlc-build build
	equal "$(layer_of oci:a 0)" "x "
	equal "$(layer_of oci:c 0)$(layer_of oci:c 1)" "x y "
	equal "$(of_image oci:a .config.blob.rootfs.diff_ids[0])" "sha256:$(sha256sum <t.tar | cut -d' ' -f1)"
	echo none >t.tar
	runs 1 rlc-build build
	has "failed: "
}

@test "type docker: a layout, an archive; what is on no disk is refused with what to do" {
	rlc-image copy base:base docker-archive:d.tar:me/base:1
	file <<-'END'
		a:
		  from: {type: docker, url: "docker-archive:d.tar:me/base:1"}
		  run: cat /bin/sh >/new
		b:
		  from: {type: docker, url: "oci:base:base"}
	END
	runs 0 rlc-build build
	has "a: reading"
	runs 0 rlc-build build
	has "a: cached" "b: cached"
	file <<-'END'
		a:
		  from: {type: docker, url: "docker://some.where/x:1"}
	END
	runs 1 rlc-build build
	has "stacker.yaml:2:9:" "skopeo copy docker://some.where/x:1 oci:DIR:TAG"
	file <<-'END'
		a:
		  from: {type: scratch}
		  imports: ["https://some.where/x"]
	END
	runs 1 rlc-build build
	has "stacker.yaml:3:13: rlc-build fetches nothing: fetch 'https://some.where/x' first"
}

@test "type docker: an archive of a layout, and which of its images" {
	rlc-image copy base:base oci-archive:one.tar:1
	mkdir t
	echo x >t/x
	rlc-image copy base:base two:1
	rlc-image copy tree:t two:2
	tar cf two.tar -C two .
	file <<-'END'
		a:
		  from: {type: docker, url: "oci-archive:one.tar:1"}
		  run: touch /new
		b:
		  from: {type: docker, url: "oci-archive:one.tar"}
		c:
		  from: {type: docker, url: "oci-archive:two.tar:2"}
	END
	runs 0 rlc-build build
	has "a: reading $WORK/one.tar"
	equal "$(of_image oci:a '.config.blob.rootfs.diff_ids[0]')" "$(of_image base:base '.config.blob.rootfs.diff_ids[0]')"
	equal "$(layer_of oci:a 1)" "new "
	equal "$(of_image oci:b '.config.blob.rootfs.diff_ids')" "$(of_image base:base '.config.blob.rootfs.diff_ids')"
	equal "$(layer_of oci:c 0)" "x "
	runs 0 rlc-build build
	has "a: cached" "b: cached" "c: cached"
	lacks reading
	sed -i 's/two.tar:2/two.tar:3/' stacker.yaml
	runs 1 rlc-build build
	has "failed: c"
}

@test "a base for several platforms: os and arch choose, and what is built is one image" {
	layout 'layout.tag(layout.platforms("linux/arm64", "linux/amd64", "windows/amd64"))'
	file <<-'END'
		a:
		  from: {type: oci, url: l}
		  os: linux
		  arch: amd64
		b:
		  from: {type: oci, url: l}
		  os: linux
		  arch: arm64
		c:
		  from: {type: oci, url: l}
		  os: windows
		  arch: amd64
		d:
		  from: {type: built, tag: b}
		e:
		  from: {type: scratch}
		  os: linux
		  arch: s390x
	END
	runs 0 rlc-build build
	for pair in a:linux/amd64 b:linux/arm64 c:windows/amd64 d:linux/arm64 e:linux/s390x; do
		equal "$(of_image "oci:${pair%%:*}" '.config.blob | "\(.os)/\(.architecture)"')" "${pair#*:}"
		equal "$(jq -r --arg t "${pair%%:*}" '.manifests[] | select(.annotations["org.opencontainers.image.ref.name"] == $t).mediaType' oci/index.json)" \
			application/vnd.oci.image.manifest.v1+json
	done
	sed -i 's/arch: arm64/arch: riscv64/' stacker.yaml
	runs 1 rlc-build build
	has "has no image for that platform"
}

@test "--compress, and what a base has otherwise" {
	rlc-image copy --compress zstd base:base z:base
	file <<-'END'
		a:
		  from: {type: oci, url: "base:base"}
		  run: touch /x
		b:
		  from: {type: oci, url: "z:base"}
		  run: touch /x
	END
	rlc-build build
	equal "$(of_image oci:a '.manifest.blob.layers[1].mediaType')" application/vnd.oci.image.layer.v1.tar+gzip
	equal "$(of_image oci:b '.manifest.blob.layers[1].mediaType')" application/vnd.oci.image.layer.v1.tar+zstd
	rlc-build build --compress none
	equal "$(of_image oci:a '.manifest.blob.layers[1].mediaType')" application/vnd.oci.image.layer.v1.tar
}
