# SPDX-License-Identifier: Apache-2.0
# Files of images: errors have a place, order follows needs. How Dockerfiles become such files is in
# build_convert.bats.
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
