# SPDX-License-Identifier: Apache-2.0
# Files of images: errors have a place, order follows needs, and Dockerfiles become such files.
# environments: user root
load lib

# file LINE...: stacker.yaml
file() { printf '%s\n' "$@" >stacker.yaml; }

# order [OPTION]...: what would be built, in one line
order() { rlc-build build --order-only "$@" | tr '\n' ' '; }

# wrong TEXT: the file is refused with this message
wrong() {
	runs 1 rlc-build build --order-only
	is "rlc-build build: stacker.yaml:$1"
}

@test "a broken file is told by line and column" {
	file a: '  from: {type: scratch}' '  run: [a'
	wrong "4:1: no YAML: while parsing a flow sequence: did not find expected ',' or ']'"
	file a: $'\tfrom: x'
	wrong "2:1: a tab, where YAML takes only spaces to indent"
	printf 'a:\n  run: "\xff"\n' >stacker.yaml
	wrong "2:9: no YAML: invalid leading UTF-8 octet; it must be text in UTF-8 without control characters"
	file a: '  from: {type: scratch}' a: '  from: {type: scratch}'
	wrong "3:1: 'a' stands here a second time; the first is in line 1, column 1"
	: >stacker.yaml
	wrong "1:1: there is no image; one is written 'NAME:', and below, indented, 'from:'"
}

@test "a key that there is not has the nearest one beside it" {
	file a: '  from: {type: scratch}' '  enviroment: {A: b}'
	wrong "3:3: an image has no key 'enviroment'; did you mean 'environment'?"
	file a: '  from: {type: dockr}'
	wrong "2:16: there is no type 'dockr'; did you mean 'docker'?"
	file a: '  from: {type: scratch}' b: '  from: {type: built, tag: aa}'
	wrong "4:9: 'b' needs an image 'aa'; did you mean 'a'?"
}

@test "a value of another type says what is expected" {
	file a: '  from: {type: scratch}' '  volumes: /x'
	wrong "3:12: 'volumes' is text; a list is expected"
	file a: '  from: {type: scratch}' '  imports:' '  - path: x' '    mode: 644'
	wrong "5:11: 'mode' is the decimal number 644, which is 01204; write 0644"
	file config: '  from: {type: scratch}'
	wrong "2:3: 'config', which is no image, has no key 'from'; there are prerequisites"
}

@test "aliases that grow without end are refused at once" {
	{
		echo 'a0: &a0 [x,x,x,x,x,x,x,x,x,x]'
		for i in 1 2 3 4 5 6 7 8 9; do
			p=$((i - 1))
			echo "a$i: &a$i [*a$p,*a$p,*a$p,*a$p,*a$p,*a$p,*a$p,*a$p,*a$p,*a$p]"
		done
	} >stacker.yaml
	runs 1 timeout 10 rlc-build build --order-only
	has "with all aliases written out there are more than 100000 values"
}

@test "a file that is too large, or no file, is an error" {
	head -c 5000000 /dev/zero | tr '\0' '#' >stacker.yaml
	runs 1 rlc-build build --order-only
	is "rlc-build build: stacker.yaml: cannot read: File too large"
	runs 1 rlc-build build --order-only -f .
	is "rlc-build build: .: cannot read: Is a directory"
	printf 'a:\0' >stacker.yaml
	wrong "1:1: there is a NUL in the text"
}

@test "substitutions: values, defaults, what is missing, what the shell would see" {
	file '${{NAME}}:' '  from: {type: scratch}' '  run: echo ${{X:y}}'
	equal "$(order --substitute NAME=one)" "one "
	wrong "1:1: 'NAME' has no value: give one by --substitute NAME=VALUE, or a default as in '\${{NAME:DEFAULT}}'"
	echo 'NAME: two' >subs
	equal "$(order --substitute-file subs)" "two "
	equal "$(order --substitute-file subs --substitute NAME=three)" "three "
	file a: '  from: {type: scratch}' '  run: echo $X'
	runs 1 rlc-build build --order-only --substitute X=1
	is "rlc-build build: stacker.yaml:3:13: '\$X' is left to the shell, but a substitution 'X' was given: write '\${{X}}', or give the substitution another name"
	equal "$(order)" "a "
}

@test "images come behind what they need, files too" {
	mkdir sub
	printf 'p: {from: {type: scratch}}\n' >sub/p.yaml
	file 'config: {prerequisites: [sub/p.yaml]}' \
		'b: {from: {type: built, tag: a}, apply: [c]}' \
		"a: {from: {type: scratch}, imports: ['stacker://p/x']}" \
		"c: {from: {type: tar, url: 'stacker://a/t'}}"
	equal "$(order)" "p a c b "
	file 'a: {from: {type: built, tag: b}}' 'b: {from: {type: built, tag: a}}'
	wrong "2:11: 'b' needs 'a', which needs 'b'; images cannot need each other"
	printf 'config: {prerequisites: [../stacker.yaml]}\n' >sub/p.yaml
	file 'config: {prerequisites: [sub/p.yaml]}'
	runs 1 rlc-build build --order-only
	is "rlc-build build: $WORK/sub/p.yaml:1:26: it needs $WORK/stacker.yaml, which needs $WORK/sub/p.yaml; files cannot need each other"
	file 'config: {prerequisites: [gone.yaml]}'
	runs 1 rlc-build build --order-only
	is "rlc-build build: stacker.yaml:1:26: cannot read $WORK/gone.yaml: No such file or directory"
}

@test "--require-hash asks for one where an import comes by http" {
	file a: '  from: {type: scratch}' '  imports: ["https://h/x"]'
	equal "$(order)" "a "
	runs 1 rlc-build build --order-only --require-hash
	is "rlc-build build: stacker.yaml:3:13: 'https://h/x' needs a 'hash', which --require-hash asks for"
}

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
	runs 0 rlc-build convert
	is ""
	equal "$(order --substitute-file stacker-subs.yaml)" "one.1 one app "
	equal "$(cat stacker-subs.yaml)" $'ARG_BASE: \'1\'\nARG_V: \'it\'\'\'\'s\'\nIMAGE: \'app\''
	diff -u - stacker.yaml <<-'END'
		'one.1':
		  from:
		    type: docker
		    url: 'docker://base:${{ARG_BASE}}'
		  imports:
		    - path: 'dir/'
		      dest: '/w/'
		    - path: 'file'
		      dest: '/w/'
		  build_env:
		    'V': '${{ARG_V}}'
		  run: |
		    mkdir -p /w
		    cd /w
		    /bin/sh -c 'make && \
		        make install $V'
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
	runs 0 rlc-build convert -i Dockerfile -o out -s subs
	has "Dockerfile:3:1: \$A is not set in this file" \
		"Dockerfile:14:1: x.tar.gz is unpacked by the image's own tar"
	equal "${#lines[@]}" 2
	equal "$(order -f out --substitute-file subs)" "app.1 app "
	diff -u - out <<-'END'
		'${{IMAGE}}.1':
		  from:
		    type: docker
		    url: 'docker://base'
		  run: |
		    export A=1 B='two '"${A}" C='$A' D="${A:-x}""${E:-y}"
		    export A=3 B="${A}"
		    export PATH=/opt:"${PATH}"
		    /bin/bash -c 'echo '\''x'\'' \
		      y'
		    su -s /bin/sh -g us -c 'a '\''b c'\''' me
		    chroot --skip-chdir --userspec=5 / /bin/bash -c id
		  build_only: true

		'${{IMAGE}}':
		  from:
		    type: built
		    tag: '${{IMAGE}}.1'
		  imports:
		    - path: 'x.tar.gz'
		  run: |
		    mkdir -p /to
		    tar -xf /stacker/imports/x.tar.gz -C /to
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
	runs 0 rlc-build convert
	is ""
	equal "$(cat stacker-subs.yaml)" $'ARG_IMAGE: \'base\'\nARG_V: \'1\'\nIMAGE_NAME: \'app\'\nARG_V_2: \'2\''
	equal "$(grep -c "docker://base" stacker.yaml) $(grep "'V'" stacker.yaml | tr -d '\n')" \
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
	refused "2:1: a here-document cannot be converted; join its commands by '&&', or copy a script" <<-'END'
		FROM x
		RUN <<EOF
		a
		EOF
	END
	refused "1:1: RUN stands before FROM" <<<'RUN x'
	refused "1:1: there is no FROM, so no image" <<<'# nothing'
	refused "2:1: there is no instruction RNU; did you mean RUN?" <<<$'FROM x\nRNU x'
	refused "2:1: a quote does not end" <<<$'FROM x\nENV A="b'
	refused "2:1: '*.c': imports know no wildcards; name the files, or a directory" <<<$'FROM x\nCOPY *.c /x/'
	refused "2:1: --from=y is no stage of this file; give the image a stage: FROM y AS NAME" <<<$'FROM x\nCOPY --from=y a /b'
	refused "3:1: --mount=type=secret cannot be converted; 'binds' and 'imports' bring in what is needed" <<<$'FROM x\n\nRUN --mount=type=secret x'
	refused "2:1: several files go into a directory: write '/x/' at the end" <<<$'FROM x\nCOPY a b /x'
	refused "1:1: it cannot be written as a file of images: the result:6:19: 'B' has no value: give one by --substitute B=VALUE, or a default as in '\${{B:DEFAULT}}'" <<<$'FROM x\nRUN x ${{B}}'
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
	runs 0 rlc-build convert
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
