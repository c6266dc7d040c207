# SPDX-License-Identifier: Apache-2.0
# rlc-build convert: Dockerfiles become files of images, and those the images that Docker would make.
# environments: user root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat cp mkdir ls id chown chmod chroot find xargs tar gzip tr
	mkdir -p rootfs/etc rootfs/root
	ln -s bin rootfs/sbin
	printf 'root:x:0:0::/root:/bin/sh\nnode:x:1000:1001::/home/node:/bin/sh\n' >rootfs/etc/passwd
	printf 'root:x:0:\nnode:x:1001:\n' >rootfs/etc/group
	# su without what it asks at a login
	printf '#!/bin/sh\nexec chroot --skip-chdir --userspec="$5" / "$2" -c "$4"\n' >rootfs/bin/su
	chmod 755 rootfs/bin/su
	rlc-chown -Rh 0:0 rootfs
	rlc-image copy tree:rootfs base:base
}

setup() {
	rlc_setup
	ln -s "$BATS_FILE_TMPDIR/base" base
}

# order [OPTION]...: what would be built, in one line
order() { rlc-build build --order-only "$@" | tr '\n' ' '; }

# dockerfile: Dockerfile, from standard input
dockerfile() { cat >Dockerfile; }

@test "convert: a stage is an image, and a COPY behind a RUN one more" {
	mkdir dir
	dockerfile <<-'END'
		ARG BASE=1
		FROM base:${BASE} AS one
		ARG V="it's"
		WORKDIR /w
		COPY dir file ./
		RUN make && \
		    # said aside
		    make install $V
		COPY --chown=7:8 --chmod=640 file /etc/f
		FROM scratch
		COPY --from=one /a/b /c
		CMD ["/c", "x y"]
	END
	runs 0 rlc-build convert -q
	is ""
	equal "$(order --substitute-file stacker-subs.yaml)" "one.1 one app "
	equal "$(cat stacker-subs.yaml)" $'ARG_BASE: \'1\'\nFROM_1: \'docker://base:${{ARG_BASE}}\'\nARG_V: \'it\'\'\'\'s\'\nIMAGE: \'app\''
	diff -u - stacker.yaml <<-'END'
		'one.1':
		  from:
		    type: docker
		    url: '${{FROM_1}}'
		  imports:
		    - path: 'dir/'
		      dest: '/w/'
		    - path: 'file'
		      dest: '/w/'
		  build_env:
		    'V': '${{ARG_V}}'
		  run: |
		    export HOME="${HOME:-/root}"
		    mkdir -p /w
		    cd /w
		    /bin/sh -c 'make && \
		        make install $V'
		    d=/etc; [ -d "$d" ] || { t=$d; while [ ! -d "${t%/*}/" ]; do t=${t%/*}; done; mkdir -p "$d"; chown -R 7:8 "$t"; }
		  build_only: true

		'one':
		  from:
		    type: built
		    tag: 'one.1'
		  imports:
		    - path: 'file'
		      dest: '/etc/f'
		      mode: 0640
		      uid: 7
		      gid: 8
		  build_env:
		    'V': '${{ARG_V}}'
		  working_dir: '/w'
		  build_only: true

		'${{IMAGE}}':
		  from:
		    type: scratch
		  imports:
		    - path: 'stacker://one/a/b'
		      dest: '/c'
		  cmd: ['/c', 'x y']
	END
}

@test "convert: variables, labels, users, shells, archives" {
	dockerfile <<-'END'
		# escape=`
		FROM base
		ENV A=1 B="two $A" C='$A' D=${A:-x}${E:-y}
		ENV A=3 B=$A
		ENV PATH=/opt:$PATH
		LABEL a="b c" d=$B
		SHELL ["/bin/bash", "-c"]
		RUN echo 'x' `
		  y
		USER me:us
		RUN ["a", "b c"]
		USER 5
		RUN id
		ADD x.tar.gz /to
		VOLUME /v /w
		ENTRYPOINT run it
	END
	runs 0 rlc-build convert -q -i Dockerfile -o out -s subs
	has "Dockerfile:3:1: \$A is not set in this file, so it is empty" \
		"Dockerfile:5:1: \$PATH is not set in this file, so it is /usr/local/sbin:/usr/local/bin:" \
		"Dockerfile:14:1: x.tar.gz is unpacked by the image's own tar"
	equal "${#lines[@]}" 3
	equal "$(order -f out --substitute-file subs)" "app.1 app "
	diff -u - out <<-'END'
		'${{IMAGE}}.1':
		  from:
		    type: docker
		    url: '${{FROM_1}}'
		  run: |
		    export HOME="${HOME:-/root}"
		    export A=1 B='two '"${A}" C='$A' D="${A:-x}""${E:-y}"
		    export A=3 B="${A}"
		    export PATH=/opt:"${PATH}"
		    /bin/bash -c 'echo '\''x'\'' \
		      y'
		    su -s /bin/sh -g us -c 'a '\''b c'\''' me
		    chroot --skip-chdir --userspec=5:"$(id -g 5 2>/dev/null || echo 0)" / /bin/bash -c id
		  build_only: true

		'${{IMAGE}}':
		  from:
		    type: built
		    tag: '${{IMAGE}}.1'
		  imports:
		    - path: 'x.tar.gz'
		  run: |
		    mkdir -p /to
		    tar -xzf /stacker/imports/x.tar.gz -C /to
		  environment:
		    'A': '3'
		    'B': '1'
		    'C': '$A'
		    'D': 'xy'
		    'PATH': '/opt:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
		  labels:
		    'a': 'b c'
		    'd': '1'
		  entrypoint: ['/bin/bash', '-c', 'run it']
		  volumes: ['/v', '/w']
		  runtime_user: '5'
	END
}

@test "convert: arguments keep their scope, and names do not meet" {
	dockerfile <<-'END'
		ARG IMAGE=base
		ARG V=1
		FROM $IMAGE AS a
		ARG V
		RUN echo $V $IMAGE
		FROM $IMAGE
		ARG V=2
		RUN echo $V
	END
	runs 0 rlc-build convert -q
	is "rlc-build convert: Dockerfile:6:1: ENTRYPOINT or CMD of the base, where it has any, does not come along; write it here"
	equal "$(cat stacker-subs.yaml)" $'ARG_IMAGE: \'base\'\nARG_V: \'1\'\nFROM_1: \'docker://${{ARG_IMAGE}}\'\nIMAGE_NAME: \'app\'\nARG_V_2: \'2\''
	equal "$(grep -c "docker://" stacker.yaml) $(grep "'V'" stacker.yaml | tr -d '\n')" \
		"0     'V': '\${{ARG_V}}'    'V': '\${{ARG_V_2}}'"
	equal "$(order --substitute-file stacker-subs.yaml)" "a app "
}

# refused LINE MESSAGE: the Dockerfile of standard input cannot be converted, and nothing is written
refused() {
	rm -f stacker.yaml stacker-subs.yaml
	dockerfile
	runs 1 rlc-build convert
	is "rlc-build convert: Dockerfile:$1"
	[ ! -e stacker.yaml ] && [ ! -e stacker-subs.yaml ]
}

@test "convert: what cannot be converted is told by its line, and nothing is written" {
	refused "2:1: the here-document has no end: a line 'EOF' is missing" <<<$'FROM x\nRUN cat <<A <<EOF\na\nA\n EOF\nA'
	refused "2:1: there is no shell in this image to write 'EOF'; put it into a file and copy that" <<<$'FROM scratch\nCOPY <<EOF /x\na\nEOF'
	refused "1:1: RUN stands before FROM" <<<'RUN x'
	refused "1:1: there is no FROM, so no image" <<<'# nothing'
	refused "2:1: there is no instruction RNU; did you mean RUN?" <<<$'FROM x\nRNU x'
	refused "2:1: a quote does not end" <<<$'FROM x\nENV A="b'
	refused "2:1: '*.c': nothing beside this file matches" <<<$'FROM x\nCOPY *.c /x/'
	refused "2:1: '../*': nothing beside this file matches" <<<$'FROM x\nCOPY ../* /x/'
	refused "2:1: --from needs a stage or an image" <<<$'FROM x\nCOPY --from= a /b'
	refused "2:1: 'https://h/x': nothing is fetched; fetch it first, and name the file here, with --chmod=600" <<<$'FROM x\nADD https://h/x /b'
	refused "2:1: nothing in this image unpacks 'x.tar.xz'; make it a .tar.gz or .tar.zst" <<<$'FROM scratch\nADD x.tar.xz /'
	refused "3:1: --mount=type=secret cannot be converted; 'binds' and 'imports' bring in what is needed" <<<$'FROM x\n\nRUN --mount=type=secret x'
	refused "2:1: several files go into a directory: write '/x/' at the end" <<<$'FROM x\nCOPY a b /x'
	refused "1:1: it cannot be written as a file of images: the result:7:19: 'B' has no value: give one by --substitute B=VALUE, or a default as in '\${{B:DEFAULT}}'" <<<$'FROM x\nRUN x ${{B}}'
	runs 1 rlc-build convert -i gone
	is "rlc-build convert: gone: cannot open: No such file or directory"
}

@test "convert: what is left out is said" {
	dockerfile <<-'END'
		FROM --platform=linux/arm64 x
		EXPOSE 80
		HEALTHCHECK CMD y
		STOPSIGNAL 9
		ONBUILD RUN z
		ARG NONE
		LABEL a=$GONE
		RUN --mount=type=cache,target=/c make
		COPY --chown=me f /f
	END
	runs 0 rlc-build convert
	has "Dockerfile:1:1: --platform is left out" "Dockerfile:2:1: EXPOSE is left out" \
		"Dockerfile:3:1: HEALTHCHECK is left out" "Dockerfile:4:1: STOPSIGNAL is left out" \
		"Dockerfile:5:1: ONBUILD is left out" \
		"Dockerfile:6:1: NONE has no value; the substitution ARG_NONE is empty" \
		"Dockerfile:7:1: \$GONE is not set in this file" \
		"Dockerfile:8:1: --mount=type=cache,target=/c is left out" \
		"Dockerfile:9:1: --chown=me: names are known in the image alone"
	equal "$(order --substitute-file stacker-subs.yaml)" "app.1 app "
}

@test "convert: what was converted is built, and COPY puts things where Docker does" {
	mkdir -p dir/deep
	echo one >dir/one
	echo two >dir/deep/two
	echo file >file
	dockerfile <<-'END'
		FROM scratch AS first
		COPY dir /a
		COPY dir/ file /b/
		WORKDIR /w
		COPY file .
		COPY --chown=7:8 --chmod=600 file /c/name
		FROM scratch
		ARG NAME="it's"
		COPY --from=first /a/deep /deep
		COPY --from=first /c/name /c/
		COPY --from=0 /w /b /
		LABEL l="a '$NAME'"
		CMD ["/x", "y z"]
	END
	runs 0 rlc-build convert -q
	is "rlc-build convert: Dockerfile:10:1: /c/name is taken for a file; where it is a directory, write '/c/name/' for what is in it"
	runs 0 rlc-build build --substitute-file stacker-subs.yaml --substitute ARG_NAME=you
	rlc-image unpack --image oci:app bundle
	[ "$(cd bundle/rootfs && find . -type f | sort | tr '\n' ' ')" = "./c/name ./deep/two ./file ./one " ]
	equal "$(owner bundle/rootfs/c/name) $(rlc-stat -c %a bundle/rootfs/c/name)" "0:0 600"
	equal "$(of_image oci:app '.config.blob.config | .Labels.l, .Cmd[1]')" $'a \'you\'\ny z'
	rlc-image unpack --image .stacker/layout:first first
	equal "$(cd first/rootfs && find . -type f | sort | tr '\n' ' ')" \
		"./a/deep/two ./a/one ./b/deep/two ./b/file ./b/one ./c/name ./w/file "
	equal "$(owner first/rootfs/c/name) $(rlc-stat -c %a first/rootfs/c/name)" "7:8 600"
}

@test "convert: the command to type next is said, with what it needs" {
	dockerfile <<<$'FROM a\nCOPY --from=b x /x\nFROM c\nCOPY --from=b y /y\nCMD x\nENTRYPOINT y'
	runs 0 rlc-build convert
	is "rlc-build convert: next: rlc-build build --substitute-file stacker-subs.yaml --substitute FROM_1=oci:DIR:TAG --substitute FROM_2=oci:DIR:TAG --substitute FROM_3=oci:DIR:TAG"
	equal "$(cat stacker-subs.yaml)" $'FROM_1: \'docker://a\'\nFROM_2: \'docker://b\'\nIMAGE: \'app\'\nFROM_3: \'docker://c\''
	equal "$(order --substitute-file stacker-subs.yaml)" "from1 stage0 app "
	dockerfile <<<$'FROM scratch AS x\nCMD ["x"]'
	runs 0 rlc-build convert -o y.yaml
	is "rlc-build convert: next: rlc-build build -f y.yaml"
	runs 0 rlc-build convert -q
	is ""
}

@test "convert: here-documents are commands, scripts and files" {
	tr '~' '\t' <<-'END' >Dockerfile
		FROM base
		RUN <<EOF
		  a "$x" \
		# b
		EOF
		RUN <<-"E F"
		~#!/x y
		~~z
		~E F
		RUN cat <<A - 3<<-'B' \
		  && c
		$x
		A
		~it
		~B
		ARG V
		COPY --chmod=700 --chown=5 <<A <<'B' /d/
		$V "${x:-y}" \$z
		A
		$V
		B
		SHELL ["s", "-c"]
		USER u
		RUN <<A
		b
		A
		RUN <<A
		#!/c
		A
		ENTRYPOINT x
	END
	runs 0 rlc-build convert -q
	has "16:1: V has no value"
	sed -n '/run:/,/build_only\|entrypoint/p' stacker.yaml >run
	tr '\t' '~' <run | diff -u <(cat <<-'END'
		  run: |
		    export HOME="${HOME:-/root}"
		    /bin/sh -c '  a "$x" \
		    # b
		    '
		    printf %s '#!/x y
		    z
		    ' >/stacker/script
		    chmod 755 /stacker/script
		    /stacker/script
		    /bin/sh -c 'cat <<A - 3<<-'\''B'\'' \
		      && c
		    $x
		    A
		    ~it
		    B'
		    mkdir -p /d/
		    printf %s "${V}"' "'"${x:-y}"'" $z
		    ' >/d/A
		    chmod 0700 /d/A
		    chown 5:5 /d/A
		    mkdir -p /d/
		    printf %s '$V
		    ' >/d/B
		    chmod 0700 /d/B
		    chown 5:5 /d/B
		    su -s /bin/sh -c 's -c '\''b
		    '\''' u
		    printf %s '#!/c
		    ' >/stacker/script
		    chmod 755 /stacker/script
		    su -s /bin/sh -c /stacker/script u
		  entrypoint: ['s', '-c', 'x']
	END
	) -
}

@test "convert: wildcards are what matches in the context, or in the stage" {
	mkdir -p d/e d/.f other
	touch a.c b.c .h.c x.d d/e/1.c d/.f/2.c other/3.c 'sp ace.c'
	ln -s ../other d/link
	ln -s "$WORK/other" away
	dockerfile <<-'END'
		FROM base AS one
		COPY [ab].* ?p*.c /x/
		COPY d/*/*.c ./*/3.c away/*.c /y/
		COPY [^ab.]*.d /z
		FROM scratch
		COPY --from=one --chmod=755 /o/[^x]*.jar "/o/q 'r/*" /jars/
		COPY --from=one /o/*.jar /app.jar
		ENTRYPOINT ["x"]
	END
	runs 1 rlc-build convert
	has "Dockerfile:3:1: 'away/*.c': nothing beside this file matches"
	sed -i 's| away/\*.c||' Dockerfile
	runs 0 rlc-build convert -q
	is "rlc-build convert: Dockerfile:2:1: '[ab].*' is what matches it now: a.c b.c
rlc-build convert: Dockerfile:2:1: '?p*.c' is what matches it now: sp ace.c
rlc-build convert: Dockerfile:3:1: 'd/*/*.c' is what matches it now: d/.f/2.c d/e/1.c
rlc-build convert: Dockerfile:3:1: './*/3.c' is what matches it now: other/3.c
rlc-build convert: Dockerfile:4:1: '[^ab.]*.d' is what matches it now: x.d"
	equal "$(sed -n 's/.*path: //p' stacker.yaml | tr '\n' ' ')" \
		"'a.c' 'b.c' 'sp ace.c' 'd/.f/2.c' 'd/e/1.c' 'other/3.c' 'x.d' 'stacker://one.copy1/.copied/' 'stacker://one.copy2/.copied/' 'stacker://one.copy3/.copied/' "
	equal "$(grep 'for f' stacker.yaml | tr -d '\n')" \
		"    for f in /o/[!x]*.jar; do    for f in /o/q' '''\\'''r/*; do    for f in /o/*.jar; do"
	refused "2:1: '*.c' is several files; they go into a directory: write '/x/' at the end" <<<$'FROM x\nCOPY *.c /x'
}
