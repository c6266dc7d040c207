# SPDX-License-Identifier: Apache-2.0
# The configuration for a container's runtime that a bundle gets, and rlc-image raw config.
# environments: user root
load lib

setup() {
	rlc_setup
	layer <<-'END' >0.tar
		layer.directory("etc")
		layer.add("etc/passwd", data=b"root:x:0:0:root:/root:/bin/sh\nbroken\nme:x:1000:1001::/home/me:/bin/sh\nno:x:y:z\n")
		layer.add("etc/group", data=b"root:x:0:\nme:x:1001:\nother:x:50:you,me\nmore:x:60:me\nno:x:60:me2\n")
	END
	rlc-image init --layout oci
	rlc-image new --image oci:a
	rlc-image raw add-layer --image oci:a 0.tar
}

# user TEXT: who that is: uid, gid, groups, home
user() {
	rlc-image config --image oci:a --tag u --config.user "$1" || return
	rm -rf r
	rlc-image raw unpack --image oci:u r || return
	rlc-image raw runtime-config --image oci:u --rootfs r c.json || return
	jq -r '[.process.user.uid, .process.user.gid, (.process.user.additionalGids // [] | join(",")), ([.process.env[] | select(startswith("HOME="))] | join(""))] | join(" ")' c.json
}

@test "users are the tree's own: names, numbers, groups" {
	groups=$(records || echo 50,60)
	equal "$(user "")" "0 0  HOME=/root"
	equal "$(user me)" "1000 1001 $groups HOME=/home/me"
	equal "$(user 1000)" "1000 1001 $groups HOME=/home/me"
	equal "$(user me:other)" "1000 50  HOME=/home/me"
	equal "$(user 7:8)" "7 8  "
	equal "$(user 7)" "7 0  "
	runs 1 user nobody
	has "nobody: no such user in the tree's etc/passwd"
	runs 1 user me:none
	has "none: no such group in the tree's etc/group"
}

@test "etc/passwd as a symlink is found in the tree, not on the host" {
	layer <<<'layer.symlink("etc/passwd", "/../../etc/mine"); layer.add("etc/mine", data=b"me:x:5:6::/m:/bin/sh\n")' >1.tar
	rlc-image raw add-layer --image oci:a 1.tar
	equal "$(user me)" "5 6 $(records || echo 50,60) HOME=/m"
	layer <<<'layer.symlink("etc/passwd", "/etc/hostname")' >2.tar
	rlc-image raw add-layer --image oci:a 2.tar
	runs 1 user root
	has "no such user"
}

@test "what the image says goes in" {
	rlc-image config --image oci:a --config.entrypoint /bin/echo --config.cmd a --config.cmd "b c" \
		--config.env PATH=/mine --config.env NAME=value=x --config.workingdir /work \
		--config.volume /v2 --config.volume /v1 --config.label my.label=text --author "me <me@x>" \
		--config.stopsignal SIGUSR1 --config.exposedports 80/tcp --created 2001-02-03T04:05:06Z
	rlc-image raw config --image oci:a c.json
	equal "$(jq -c .process.args c.json)" '["/bin/echo","a","b c"]'
	equal "$(jq -c .process.env c.json)" '["PATH=/mine","TERM=xterm","NAME=value=x"]'
	equal "$(jq -r '.process.cwd, .root.path, .ociVersion' c.json)" "/work
rootfs
1.0.0"
	equal "$(jq -c '[.mounts[] | select(.source == "none") | .destination]' c.json)" '["/v1","/v2"]'
	equal "$(jq -cS .annotations c.json)" '{"my.label":"text","org.opencontainers.image.architecture":"'"$(jq -r '.annotations["org.opencontainers.image.architecture"]' c.json)"'","org.opencontainers.image.author":"me <me@x>","org.opencontainers.image.created":"2001-02-03T04:05:06Z","org.opencontainers.image.exposedPorts":"80/tcp","org.opencontainers.image.os":"linux","org.opencontainers.image.stopSignal":"SIGUSR1"}'
}

@test "what is written takes the place of a file, and goes through a symlink" {
	printf '%5000s' '' >c.json
	ln -s c.json link
	rlc-image raw config --image oci:a - >straight
	rlc-image raw config --image oci:a link
	[[ -L link ]]
	cmp c.json straight
	rlc-image raw config --image oci:a c.json
	cmp c.json straight
	rlc-image raw config --image oci:a /dev/stdout >other
	cmp other straight
	equal "$(echo c.json*)" c.json
}

@test "an image that says nothing runs sh as root in /" {
	rlc-image raw config --image oci:a c.json
	equal "$(jq -c '[.process.args, .process.cwd, .process.user]' c.json)" '[["sh"],"/",{"uid":0,"gid":0}]'
}

@test "an ordinary user's container has a user namespace and nothing that it may not do" {
	rlc-image raw config --rootless --image oci:a c.json
	equal "$(jq -c '[.linux.namespaces[].type]' c.json)" '["pid","ipc","uts","mount","cgroup","user"]'
	equal "$(jq -c .linux.uidMappings c.json)" "[{\"containerID\":0,\"hostID\":$(id -u),\"size\":1}]"
	equal "$(jq -c .linux.gidMappings c.json)" "[{\"containerID\":0,\"hostID\":$(id -g),\"size\":1}]"
	equal "$(jq -c .linux.resources c.json)" null
	equal "$(jq -c '[.mounts[] | select(.type == "bind") | .destination]' c.json)" '["/sys","/etc/resolv.conf"]' ||
		[ ! -e /etc/resolv.conf ]
	equal "$(jq -c '[.mounts[].options // [] | .[] | select(startswith("gid="))]' c.json)" '[]'
}

@test "no image for Linux, or a damaged config, is refused" {
	rlc-image config --image oci:a --os plan9
	runs 1 rlc-image raw config --image oci:a c.json
	has "plan9: no image for Linux"
	[ ! -e c.json ]
	rlc-image config --image oci:a --os linux
	layout 'layout.tag(layout.image(config={"config": {"Env": ["NOVALUE"]}}))'
	runs 1 rlc-image raw config --image l c.json
	has "Env has what is no NAME=VALUE"
	[ ! -e c.json ]
}
