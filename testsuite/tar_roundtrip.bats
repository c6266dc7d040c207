# SPDX-License-Identifier: Apache-2.0
# What goes into a tree comes out of it: archives of others, extracted and created again,
# are listed alike by Python's tarfile and by GNU tar.
# environments: all
load lib

# listing ARCHIVE: by a program that is not ours
listing() { gen list "$@"; }

# round_trip ARCHIVE: through a tree named tree, to again.tar
round_trip() {
	mkdir tree
	runs 0 rlc-tar -xpf "$1" -C tree
	is ''
	runs 0 rlc-tar -cf again.tar -C tree .
	is ''
	listing "$1" >before
	listing again.tar >after
	# the top is made by us where the archive has none
	grep -q '^{"name": "\."' before || sed -i '/^{"name": "\."/d' after
	[ "$(wc -l <before)" -gt 6 ]
	same before after
}

# fixture NAME: by whom data/make says
fixture() { xz -dc "$DATA/$1.tar.xz" >"$1.tar"; }

# holes FILE: it takes less than 256 KiB on the disk
holes() { [ $(($(stat -c '%b * %B / 1024' "$1"))) -lt 256 ]; }

@test "Python's tarfile: a layer with all that one may hold" {
	gen rich >python.tar
	round_trip python.tar
	holes tree/contents/big
	holes tree/contents/all-hole
	[ "$(stat -c %s tree/contents/big)" -gt $((8 << 30)) ]
}

@test "GNU tar, pax" {
	fixture gnutar-pax
	round_trip gnutar-pax.tar
	holes tree/contents/big
}

@test "GNU tar, its own format" {
	fixture gnutar-gnu
	round_trip gnutar-gnu.tar
	holes tree/contents/big
}

@test "GNU tar, ustar" {
	fixture gnutar-ustar
	round_trip gnutar-ustar.tar
}

@test "bsdtar from a tree" {
	fixture bsdtar-pax
	round_trip bsdtar-pax.tar
	holes tree/contents/big
}

@test "bsdtar from an archive" {
	gen rich holes >python.tar
	bsdtar -cf bsdtar.tar --format=pax @python.tar 2>/dev/null || : # names that are not UTF-8
	round_trip bsdtar.tar
}

@test "umoci, that is Go's archive/tar" {
	fixture umoci
	round_trip umoci.tar
}

@test "GNU tar lists owners, modes, sizes and times alike" {
	list() {
		tar --full-time --numeric-owner --warning=no-unknown-keyword -tvf "$1" |
			sed 's| \./| |; s|/$||' |
			grep -E ' (owners|modes|contents|attrs)[^ ]*( -> .*)?$' | tr -s ' ' | sort
	}
	fixture gnutar-pax
	round_trip gnutar-pax.tar
	list gnutar-pax.tar >before
	list again.tar >after
	[ "$(wc -l <before)" -gt 100 ]
	same before after
}

@test "the second time the bytes are the same" {
	gen rich >python.tar
	round_trip python.tar
	mkdir other
	runs 0 rlc-tar -xpf again.tar -C other
	runs 0 rlc-tar -cf third.tar -C other .
	cmp again.tar third.tar
}

@test "rlc-tar -d finds no difference to what it extracted" {
	gen rich big >python.tar
	mkdir tree
	runs 0 rlc-tar -xpf python.tar -C tree
	runs 0 rlc-tar -df python.tar -C tree
	is ''
}

@test "ACLs and capabilities of a layer are kept" {
	/usr/bin/python3 - >acl.tar <<-'END'
		import os, sys
		sys.path.insert(0, os.environ["GEN"])
		from layer import Layer
		layer = Layer(sys.stdout.buffer)
		acl = "user::rwx,user:33:r-x,group::r-x,group:42:rwx,mask::rwx,other::---"
		layer.directory("d", 0o770, pax={"SCHILY.acl.access": acl, "SCHILY.acl.default": acl})
		layer.add("d/f", mode=0o770, pax={"SCHILY.acl.access": acl})
		layer.add("d/cap", mode=0o755, owner=(5, 5), attrs={
		    "security.capability": bytes.fromhex("0100000200200000") + bytes(12)})
		layer.tar.close()
	END
	mkdir tree
	runs 0 rlc-tar -xpf acl.tar -C tree
	runs 0 rlc-tar -cf again.tar -C tree d
	/usr/bin/python3 - acl.tar again.tar <<-'END'
		import re, struct, sys, tarfile

		def acl(headers, which):
		    """As a set of (tag, id, permissions), from the text or from the kernel's bytes."""
		    tags = {1: "user", 2: "user", 4: "group", 8: "group", 16: "mask", 32: "other"}
		    raw = headers.get(f"SCHILY.xattr.system.posix_acl_{which}")
		    if raw:
		        raw = raw.encode("utf-8", "surrogateescape")[4:]
		        return {(tags[t], str(i) if t in (2, 8) else "", p)
		                for t, p, i in struct.iter_unpack("<HHI", raw)}
		    out = set()
		    for entry in re.split("[,\n]", headers.get(f"SCHILY.acl.{which}", "")):
		        parts = entry.split(":")
		        if len(parts) > 2:
		            bits = sum(v for c, v in zip("rwx", (4, 2, 1)) if c in parts[2])
		            out.add((parts[0], parts[3] if len(parts) > 3 else parts[1], bits))
		    return out

		lists = []
		for name in sys.argv[1:]:
		    with tarfile.open(name, errors="surrogateescape") as tar:
		        lists.append([(m.name, m.mode, acl(m.pax_headers, "access"),
		                       acl(m.pax_headers, "default"),
		                       m.pax_headers.get("SCHILY.xattr.security.capability"))
		                      for m in sorted(tar, key=lambda m: m.name)])
		if lists[0] != lists[1]:
		    sys.exit(f"{lists[0]}\n{lists[1]}")
	END
}
