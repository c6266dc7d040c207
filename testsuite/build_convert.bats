# SPDX-License-Identifier: Apache-2.0
# rlc-build convert: Dockerfiles become files of images, and those the images that Docker would make.
# environments: user root
load lib

setup_file() {
	cd "$BATS_FILE_TMPDIR"
	programs rootfs sh cat cp mkdir ls id chown chmod chroot find xargs tar gzip tr
	mkdir -p rootfs/etc rootfs/root
	chmod 1777 rootfs/tmp
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
	is "rlc-build convert: Dockerfile:11:1: what COPY takes of an image becomes root's; --chown says whose else"
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
	refused "3:1: '\${{' cannot be converted; a file of images has it replaced" <<<$'FROM x\nARG V=1\nRUN echo \'${{ARG_V}}\''
	refused "2:1: '\${{' cannot be converted; a file of images has it replaced" <<<$'FROM x\nRUN cat <<E\n${{IMAGE}}\nE'
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
	refused "2:1: --mount=from=a,target=/x cannot be converted; 'binds' and 'imports' bring in what is needed" <<<$'FROM x\nRUN --mount=from=a,target=/x y'
	refused "2:1: --mount=target=/x,rw cannot be converted; 'binds' and 'imports' bring in what is needed" <<<$'FROM x\nRUN --mount=target=/x,rw y'
	refused "2:1: several files go into a directory: write '/x/' at the end" <<<$'FROM x\nCOPY a b /x'
	refused "2:1: '\${{' cannot be converted; a file of images has it replaced" <<<$'FROM x\nRUN x ${{B}}'
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
		"Dockerfile:8:1: --mount=type=cache,target=/c is left out: what steps leave there is in the image" \
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
	is "rlc-build convert: Dockerfile:9:1: what COPY takes of an image becomes root's; --chown says whose else
rlc-build convert: Dockerfile:10:1: /c/name is taken for a file; where it is a directory, write '/c/name/' for what is in it"
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
	dockerfile <<<$'FROM a\nCOPY --chown=1 --from=b x /x\nFROM c\nCOPY --chown=1 --from=b y /y\nCMD x\nENTRYPOINT y'
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
		COPY --from=one --chmod=755 --chown=1 /o/[^x]*.jar "/o/q 'r/*" /jars/
		COPY --from=one --chown=1 /o/*.jar /app.jar
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
		"'a.c' 'b.c' 'sp ace.c' 'd/.f/2.c' 'd/e/1.c' 'other/3.c' 'x.d' 'stacker://one.copy1/.copied' 'stacker://one.copy2/.copied/' 'stacker://one.copy3/.copied/' "
	equal "$(grep 'for f' stacker.yaml | tr -d '\n')" \
		"    for f in /o/[!x]*.jar; do    for f in /o/q' '''\\'''r/*; do    for f in /o/*.jar; do"
	refused "2:1: 'away' leads out of the directory that this file is in" <<<$'FROM x\nCOPY d/../away/ /x/'
	refused "2:1: 'away/3.c' leads out of the directory that this file is in" <<<$'FROM x\nCOPY away/3.c /x/'
	refused "2:1: 'away' leads out of the directory that this file is in" <<<$'FROM x\nRUN --mount=type=bind,source=away,target=/x y'
	dockerfile <<<$'FROM x\nCOPY aw* /x/'
	runs 1 rlc-build convert
	has "Dockerfile:2:1: 'away' leads out of the directory that this file is in"
	refused "2:1: '*.c' is several files; they go into a directory: write '/x/' at the end" <<<$'FROM x\nCOPY *.c /x'
}

# made [OPTION]...: the Dockerfile is converted and built
made() {
	rlc-build convert -q 2>notes || { cat notes && return 1; }
	rlc-build build --substitute-file stacker-subs.yaml --substitute FROM_1=oci:base:base "$@"
}

# files TREE: what is in it as stat sees it, but for what the base has; and what the config says
files() {
	rlc-image diff --json oci:base:base "oci:oci:$1" | jq -r 'select(.change != "removed" and .new) |
		"\(.path) \(.new.mode) \(.new.uid):\(.new.gid)"'
	of_image "oci:$1" '.config.blob.config | to_entries[] |
		select(.key != "Env" or .value != ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]) |
		"\(.key) \(.value | tojson)"'
}

@test "convert: a Python application" {
	mkdir -p src pkg/sub
	echo a >requirements.txt
	echo app >src/app.py
	chmod 755 src/app.py
	touch pkg/__init__.py pkg/sub/b.py
	dockerfile <<-'END'
		# syntax=docker/dockerfile:1
		ARG TAG=latest
		FROM base:${TAG}
		ENV PYTHONUNBUFFERED=1 \
		    # in between
		    PIP_CACHE=off
		WORKDIR /app
		COPY requirements.txt .
		RUN mkdir -p /usr/lib/site && \
		    # once more

		    while read -r l; do echo "$PIP_CACHE $PWD $HOME" >/usr/lib/site/$l; done <requirements.txt
		COPY src/ src/
		COPY pkg ./pkg/
		USER node
		EXPOSE 8000
		CMD ["python", "src/app.py"]
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		app 0755 0:0
		app/pkg 0755 0:0
		app/pkg/__init__.py 0644 0:0
		app/pkg/sub 0755 0:0
		app/pkg/sub/b.py 0644 0:0
		app/requirements.txt 0644 0:0
		app/src 0755 0:0
		app/src/app.py 0755 0:0
		usr 0755 0:0
		usr/lib 0755 0:0
		usr/lib/site 0755 0:0
		usr/lib/site/a 0644 0:0
		Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","PYTHONUNBUFFERED=1","PIP_CACHE=off"]
		Cmd ["python","src/app.py"]
		WorkingDir "/app"
		User "node"
	END
	rlc-image unpack --image oci:app b
	equal "$(cat b/rootfs/usr/lib/site/a)" "off /app /root"
}

@test "convert: a Node application" {
	mkdir public
	touch package.json package-lock.json public/index.html server.js
	chmod 600 server.js
	dockerfile <<-'END'
		FROM base AS deps
		WORKDIR /usr/src/app
		COPY package*.json ./
		RUN mkdir node_modules && ls >node_modules/all && chown 5:6 node_modules/all
		FROM base
		ENV NODE_ENV production
		WORKDIR /usr/src/app
		COPY --from=deps /usr/src/app/node_modules/ ./node_modules
		COPY --chown=node:node package.json server.js ./
		COPY --chown=node public ./public
		COPY --chown=node:node public/* /home/node/www/
		USER node
		RUN id -u >/tmp/who && id -g >>/tmp/who
		ENTRYPOINT ["node"]
		CMD ["server.js"]
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		home 0755 1000:1001
		home/node 0755 1000:1001
		home/node/www 0755 1000:1001
		home/node/www/index.html 0644 1000:1001
		tmp/who 0644 1000:1001
		usr 0755 0:0
		usr/src 0755 0:0
		usr/src/app 0755 0:0
		usr/src/app/node_modules 0755 0:0
		usr/src/app/node_modules/all 0644 0:0
		usr/src/app/package.json 0644 1000:1001
		usr/src/app/public 0755 1000:1001
		usr/src/app/public/index.html 0644 1000:1001
		usr/src/app/server.js 0600 1000:1001
		Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","NODE_ENV=production"]
		Cmd ["server.js"]
		Entrypoint ["node"]
		WorkingDir "/usr/src/app"
		User "node"
	END
	rlc-image unpack --image oci:app b
	equal "$(tr '\n' ' ' <b/rootfs/tmp/who) $(tr '\n' ' ' <b/rootfs/usr/src/app/node_modules/all)" \
		"1000 1001  node_modules package-lock.json package.json "
}

@test "convert: a Go program in an image of nothing else" {
	mkdir -p cmd/x data
	touch go.mod go.sum cmd/x/main.go data/d
	dockerfile <<-'END'
		FROM --platform=$BUILDPLATFORM base AS build
		ARG VERSION="v1 beta"
		WORKDIR /src
		COPY go.mod go.sum ./
		RUN cp go.mod /tmp/mod
		COPY . .
		ENV CGO_ENABLED=0
		RUN mkdir /out && echo "$VERSION $CGO_ENABLED" >/out/server && chmod 755 /out/server && ls cmd/x >/out/c.yaml
		FROM scratch
		LABEL version="1.0" \
		      descr="it's \"q\""
		COPY --from=build /out/server /
		COPY --from=0 --chown=65532:65532 /out/*.yaml /etc/server/
		COPY --chown=65532 data /data
		COPY --from=build /etc/passwd /etc/group /etc/
		WORKDIR /data
		USER 65532:65532
		ENTRYPOINT ["/server"]
	END
	mkdir ../context
	cp -r ./* ../context
	cd ../context
	runs 0 made --work-dir "$WORK" --substitute FROM_1="oci:$BATS_FILE_TMPDIR/base:base"
	cd "$WORK"
	equal "$(rlc-image diff --json oci:base:base oci:oci:app | jq -r 'select(.change != "removed" and .new) |
		"\(.path) \(.new.mode) \(.new.uid):\(.new.gid)"' | tr '\n' ';')" \
		"data 0755 65532:65532;data/d 0644 65532:65532;etc/server 0755 65532:65532;etc/server/c.yaml 0644 65532:65532;server 0755 0:0;"
	rlc-image unpack --image oci:app b
	equal "$(cat b/rootfs/server b/rootfs/etc/server/c.yaml | tr '\n' ' ')" "v1 beta 0 main.go "
	equal "$(of_image oci:app '.config.blob.config | .Labels.descr, .WorkingDir, .User, .Entrypoint[0]' | tr '\n' ' ')" \
		"it's \"q\" /data 65532:65532 /server "
}

@test "convert: a web server with its entrypoint script and files of a user's" {
	mkdir -p html/css conf
	touch html/index.html html/css/a.css conf/default.conf
	ln -s index.html html/link
	printf '#!/bin/sh\nexec "$@"\n' >docker-entrypoint.sh
	dockerfile <<-'END'
		FROM base
		RUN mkdir -p /srv/html && echo old >/srv/html/50x.html && echo web:x:77:78::/:/bin/sh >>/etc/passwd
		COPY conf/default.conf /etc/nginx/conf.d/default.conf
		COPY --chown=web html/ /srv/html/
		COPY --chmod=755 docker-entrypoint.sh /
		COPY --chown=web:node html /var/new/www
		COPY --chown=77:78 html/css /var/numeric/deep
		VOLUME ["/var/cache/nginx"]
		HEALTHCHECK CMD true
		ENTRYPOINT ["/docker-entrypoint.sh"]
		CMD nginx -g 'daemon off;'
	END
	runs 0 made
	grep "HEALTHCHECK is left out" notes
	diff -u - <(files app) <<-'END'
		docker-entrypoint.sh 0755 0:0
		etc/nginx 0755 0:0
		etc/nginx/conf.d 0755 0:0
		etc/nginx/conf.d/default.conf 0644 0:0
		etc/passwd 0644 0:0
		srv 0755 0:0
		srv/html 0755 0:0
		srv/html/50x.html 0644 0:0
		srv/html/css 0755 77:78
		srv/html/css/a.css 0644 77:78
		srv/html/index.html 0644 77:78
		srv/html/link 0777 77:78
		var 0755 77:1001
		var/new 0755 77:1001
		var/new/www 0755 77:1001
		var/new/www/css 0755 77:1001
		var/new/www/css/a.css 0644 77:1001
		var/new/www/index.html 0644 77:1001
		var/new/www/link 0777 77:1001
		var/numeric 0755 77:78
		var/numeric/deep 0755 77:78
		var/numeric/deep/a.css 0644 77:78
		Cmd ["/bin/sh","-c","nginx -g 'daemon off;'"]
		Entrypoint ["/docker-entrypoint.sh"]
		Volumes {"/var/cache/nginx":{}}
	END
}

@test "convert: packages and files by here-documents" {
	dockerfile <<-'END'
		FROM base
		ARG MODE=fast
		RUN <<EOF
		set -e
		mkdir -p /usr/share/pkg
		for p in one two; do
		  echo "$p $MODE" >/usr/share/pkg/$p
		done
		EOF
		RUN <<EOF
		#!/bin/sh -f
		echo * "$0" >/script
		EOF
		RUN cat <<EOF - >/both
		it is $MODE
		EOF
		ENV NAME="a  'b'"
		COPY <<EOF <<'RAW' /etc/app/
		name = "$NAME" \$MODE ${MODE:+set}
		EOF
		name = $NAME\n
		RAW
		COPY --chmod=755 --chown=node <<EOF /usr/local/bin/run
		#!/bin/sh
		EOF
		CMD ["run"]
	END
	runs 0 made --substitute ARG_MODE=slow
	diff -u - <(files app) <<-'END'
		both 0644 0:0
		etc/app 0755 0:0
		etc/app/EOF 0644 0:0
		etc/app/RAW 0644 0:0
		script 0644 0:0
		usr 0755 0:0
		usr/local 0755 0:0
		usr/local/bin 0755 0:0
		usr/local/bin/run 0755 1000:1001
		usr/share 0755 0:0
		usr/share/pkg 0755 0:0
		usr/share/pkg/one 0644 0:0
		usr/share/pkg/two 0644 0:0
		Env ["NAME=a  'b'","PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"]
		Cmd ["run"]
	END
	rlc-image unpack --image oci:app b
	diff -u - <(cd b/rootfs && cat usr/share/pkg/two both etc/app/EOF etc/app/RAW) <<-'END'
		two slow
		it is slow
		name = "a  'b'" $MODE set
		name = $NAME\n
	END
	grep -x '\* /.*' b/rootfs/script
}

@test "convert: an archive of a Java build, and a file of another image" {
	dockerfile <<-'END'
		FROM base AS build
		WORKDIR /b
		RUN mkdir -p target/x.jar && echo app >target/app-1.2.jar && echo in >target/x.jar/in
		FROM base AS run
		COPY --from=build /b/target/app-*.jar /opt/app.jar
		COPY --from=build /b/target/*.jar /opt/all/
		COPY --from=base /etc/passwd /opt/
		SHELL ["/bin/sh", "-ec"]
		CMD java -jar /opt/app.jar
		FROM run
		ENTRYPOINT exec java
		WORKDIR /last
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		opt 0755 0:0
		opt/all 0755 0:0
		opt/all/app-1.2.jar 0644 0:0
		opt/all/in 0644 0:0
		opt/app.jar 0644 0:0
		opt/passwd 0644 0:0
		Entrypoint ["/bin/sh","-ec","exec java"]
		WorkingDir "/last"
	END
}

@test "convert: a root of its own, and an archive in it" {
	mkdir -p a/etc
	echo 1 >a/etc/1
	tar -czf rootfs.tar.gz -C "$BATS_FILE_TMPDIR/rootfs" --owner 0 --group 0 .
	tar -czf a.tgz --owner 7 --group 8 a
	dockerfile <<-'END'
		FROM scratch AS root
		ADD rootfs.tar.gz /
		CMD ["/bin/sh"]
		FROM root
		ADD a.tgz /un/
		ADD --chmod=600 a /etc/a
		RUN ls /un >/ls
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		etc/a 0755 0:0
		etc/a/etc 0755 0:0
		etc/a/etc/1 0600 0:0
		ls 0644 0:0
		un 0755 0:0
		un/a 0755 7:8
		un/a/etc 0755 7:8
		un/a/etc/1 0644 7:8
		Cmd ["/bin/sh"]
	END
}

@test "convert: a user whose number is an argument" {
	touch f
	dockerfile <<-'END'
		FROM base
		ARG UID=10001
		ENV HOME=/h
		USER ${UID}
		RUN id -u >/tmp/id && id -g >>/tmp/id
		USER 1000
		RUN id -u >/tmp/named && id -g >>/tmp/named && echo "$HOME" >>/tmp/named
		COPY --chown=$UID:$UID f /home/app/f
		WORKDIR /home/app
		VOLUME /data /d2
		USER ${UID}:50
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		home 0755 10001:10001
		home/app 0755 10001:10001
		home/app/f 0644 10001:10001
		tmp/id 0644 10001:0
		tmp/named 0644 1000:1001
		Env ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin","HOME=/h"]
		Volumes {"/data":{},"/d2":{}}
		WorkingDir "/home/app"
		User "10001:50"
	END
	rlc-image unpack --image oci:app b
	equal "$(cd b/rootfs/tmp && cat id named | tr '\n' ' ')" "10001 0 1000 1001 /h "
}

@test "convert: what a command has of the context by --mount is in no layer" {
	mkdir sub
	echo one >need.txt
	echo two >sub/two
	dockerfile <<-'END'
		FROM base
		ARG DIR=sub
		WORKDIR /app
		RUN --mount=type=cache,target=/root/.cache/pip \
		    --mount=type=bind,source=need.txt,target=need.txt \
		    --mount=src=./$DIR/,dst=/in/sub/ \
		    cat need.txt /in/sub/two >got
		CMD ["x"]
		ENTRYPOINT ["y"]
	END
	runs 0 made
	equal "$(cat notes)" "rlc-build convert: Dockerfile:4:1: --mount=type=cache,target=/root/.cache/pip is left out: what steps leave there is in the image
rlc-build convert: Dockerfile:4:1: need.txt is bound, and what a step writes there is written here
rlc-build convert: Dockerfile:4:1: \${{ARG_DIR}} is bound, and what a step writes there is written here"
	diff -u - <(files app) <<-'END'
		app 0755 0:0
		app/got 0644 0:0
		Cmd ["x"]
		Entrypoint ["y"]
		WorkingDir "/app"
	END
	rlc-image unpack --image oci:app b
	equal "$(tr '\n' ' ' <b/rootfs/app/got)" "one two "
}

@test "convert: WORKDIR is made for the USER, and a file goes into a directory that is there" {
	mkdir public
	touch public/f g
	dockerfile <<-'END'
		FROM base
		ARG UID=77
		COPY g /etc
		USER node
		WORKDIR /home/node/app
		COPY g .
		COPY --chown=$UID public p
		RUN echo >mine
		USER root:node
		RUN echo >/group
		USER $UID
		WORKDIR /srv/n
		RUN echo >num
	END
	runs 0 made
	diff -u - <(files app) <<-'END'
		etc/g 0644 0:0
		group 0644 0:1001
		home 0755 1000:1001
		home/node 0755 1000:1001
		home/node/app 0755 1000:1001
		home/node/app/g 0644 0:0
		home/node/app/mine 0644 1000:1001
		home/node/app/p 0755 77:77
		home/node/app/p/f 0644 77:77
		srv 0755 77:77
		srv/n 0755 77:77
		srv/n/num 0644 77:0
		WorkingDir "/srv/n"
		User "77"
	END
}

@test "convert: no character of a text becomes YAML or a command" {
	local name=$'-a "b"\n\'c: #\xe2\x80\xa8${x}' ls=$'\xe2\x80\xa8' nel=$'\xc2\x85' cr=$'\r'

	echo here >"$name"
	dockerfile <<-END
		\\
		FROM base:1
		\\
		RUN echo "a${ls}evil:${ls}  from:${ls}    type: scratch${ls}#" >/ls
		RUN echo "a${cr}b" >/cr
		ENV NEL="x $nel y" NOT=\${NO:-\$(id)} NESTED=\${NO:-a{b}c}
		ARG V="it's"
		ENV TAB="a	\$V"
		RUN echo "\$NOT \$NESTED \$TAB" >/env
		COPY -* /all/
	END
	runs 0 made
	rlc-image unpack --image oci:app b
	equal "$(cat b/rootfs/ls)" "a${ls}evil:${ls}  from:${ls}    type: scratch${ls}#"
	equal "$(cat b/rootfs/cr)" "a${cr}b"
	equal "$(cat b/rootfs/env)" $'$(id) a{b}c a\tit\'s'
	equal "$(cat "b/rootfs/all/$name")" here
	equal "$(of_image oci:app '.config.blob.config.Env[]' | grep NEL)" "NEL=x $nel y"
}
