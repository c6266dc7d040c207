# SPDX-License-Identifier: Apache-2.0
# Whiteouts of layers and of overlayfs: read, written, and turned into each other.
# environments: user nons oldkernel tmpfs root
load lib

setup() {
	rlc_setup
	layer >lower.tar <<-'END'
		layer.directory("d", owner=(1, 1))
		for name in ("gone", "kept", "both"):
		    layer.add("d/" + name, data=b"lower", owner=(2, 2))
		layer.directory("d/sub", 0o555)
		layer.add("d/sub/deep", data=b"lower", mode=0)
		layer.directory("o", owner=(1, 1))
		layer.add("o/old", data=b"lower")
		layer.directory("o/olddir", 0)
		layer.add("o/olddir/x", data=b"lower")
		layer.add("o/same", data=b"lower")
	END
	layer >upper.tar <<-'END'
		layer.add("d/.wh.gone")
		layer.add("d/.wh.sub")
		layer.add("d/both", data=b"upper", owner=(3, 3))
		layer.add("d/.wh.both")
		layer.directory("o", owner=(4, 4))
		layer.add("o/new", data=b"upper")
		layer.add("o/.wh..wh..opq")
		layer.add("o/same", data=b"upper")
		layer.add("d/.wh.never-there")
	END
	rlc-tar -xf lower.tar -C tree
}

files() { (cd "$1" && find . -mindepth 1 | sort | tr '\n' ' '); }

@test "apply: what whiteouts hide is removed, what the layer brings stays" {
	runs 0 rlc-tar -xf upper.tar -C tree
	is ''
	equal "$(files tree)" './d ./d/both ./d/kept ./o ./o/new ./o/same '
	equal "$(cat tree/d/both tree/o/same)" upperupper
	rlc-tar -cf out.tar -C tree .
	gen list out.tar >out
	grep -F '"name": "o"' out | grep -F '"uid": 4'
	rm -rf tree
	rlc-tar -xf lower.tar -C tree
	runs 0 rlc-tar -x --whiteouts=apply -f upper.tar -C tree
	equal "$(files tree)" './d ./d/both ./d/kept ./o ./o/new ./o/same '
}

@test "apply: an opaque directory's new entries stay whatever their order" {
	layer >order.tar <<-'END'
		layer.add("o/before/x", data=b"upper")
		layer.directory("o")
		layer.add("o/.wh..wh..opq")
		layer.add("o/after", data=b"upper")
		layer.add("o/olddir", data=b"a file now")
	END
	runs 0 rlc-tar -xf order.tar -C tree
	equal "$(files tree/o)" './after ./before ./before/x ./olddir '
	equal "$(cat tree/o/olddir)" 'a file now'
}

@test "apply: the record of what is removed goes too" {
	records || return 0
	layer >a.tar <<<'layer.symlink("d/l", "x", owner=(5, 5)); layer.add("d/p", tarfile.FIFOTYPE, owner=(6, 6))'
	rlc-tar -xf a.tar -C tree
	layer >b.tar <<<'layer.add("d/.wh.l"); layer.add("d/.wh.p")'
	runs 0 rlc-tar -xf b.tar -C tree
	ln -s y tree/d/l
	mkfifo tree/d/p
	rlc-tar -cf out.tar -C tree d/l d/p
	equal "$(gen list out.tar | grep -c '"uid": 0, "gid": 0')" 2
}

@test "keep: they are files like others" {
	runs 0 rlc-tar -x --whiteouts=keep -f upper.tar -C tree
	[ -f tree/d/.wh.gone ] && [ -f tree/d/gone ]
	[ -f tree/o/.wh..wh..opq ] && [ -f tree/o/old ]
	runs 0 rlc-tar -c --whiteouts=keep -f out.tar -C tree d
	run rlc-tar -tf out.tar
	has d/.wh.gone d/gone
}

@test "oci: they are written down, to be packed again" {
	runs 0 rlc-tar -x --whiteouts=oci -f upper.tar -C new
	equal "$(files new)" './d ./d/.wh.gone ./d/.wh.never-there ./d/.wh.sub ./d/both ./o ./o/.wh..wh..opq ./o/new ./o/same ' ||
		equal "$(files new)" './d ./d/.wh.both ./d/.wh.gone ./d/.wh.never-there ./d/.wh.sub ./d/both ./o ./o/.wh..wh..opq ./o/new ./o/same '
	runs 0 rlc-tar -c --whiteouts=oci -f out.tar -C new .
	run rlc-tar -tf out.tar
	has d/.wh.gone o/.wh..wh..opq
	# whiteouts come before their siblings
	rlc-tar -tf out.tar | grep -n . >order
	[ "$(grep -F 'o/.wh..wh..opq' order | cut -d : -f 1)" -lt "$(grep -F 'o/new' order | cut -d : -f 1)" ]
}

@test "overlay: as overlayfs has them in a user namespace" {
	runs 0 rlc-tar -x --whiteouts=overlay -f upper.tar -C new
	equal "$(stat -c '%F %t:%T' new/d/gone)" 'character special file 0:0'
	equal "$(getfattr --only-values -n user.overlay.opaque new/o)" y
	[ ! -e new/d/.wh.gone ]
	equal "$(cat new/d/both)" upper
	# and back to a layer's
	runs 0 rlc-tar -c -f out.tar -C new .
	run rlc-tar -tf out.tar
	has d/.wh.gone o/.wh..wh..opq o/new
	lacks d/gone
	gen list out.tar >list
	! grep -E 'overlay|"char"' list
}

@test "overlay: really mounted, the lower layer's files are hidden" {
	[ "$ENVIRONMENT" = user ] || [ "$ENVIRONMENT" = root ] || return 0
	how=-rm
	[ "$(id -u)" != 0 ] || how=-m
	runs 0 rlc-tar -x --whiteouts=overlay -f upper.tar -C new
	mkdir work merged
	chmod 755 tree new
	run unshare $how sh -c 'mount -t overlay -o userxattr,lowerdir=tree,upperdir=new,workdir=work none merged &&
		cd merged && find . | sort | tr "\n" " "; chmod -R 700 ../work'
	is '. ./d ./d/both ./d/kept ./o ./o/new ./o/same '
}

@test "a device 0:0 and an opaque attribute in a tree become a layer's whiteouts" {
	mkdir -p u/o
	mknod u/gone c 0 0
	setfattr -n user.overlay.opaque -v y u/o
	touch u/o/new
	for how in '' --whiteouts=oci; do
		runs 0 rlc-tar -c $how -f out.tar -C u .
		run rlc-tar -tf out.tar
		has .wh.gone o/.wh..wh..opq o/new
		[[ $'\n'$output$'\n' != *$'\n'./gone$'\n'* ]]
	done
	runs 0 rlc-tar -c --whiteouts=apply -f out.tar -C u .
	is ''
	run rlc-tar -tf out.tar
	lacks .wh. gone
	runs 0 rlc-tar -c --whiteouts=keep -f out.tar -C u .
	run rlc-tar -tvf out.tar
	has '0,0'
	lacks .wh.
}

@test "two layers in a row are what umoci makes of them" {
	umoci init --layout image
	umoci new --image image:it >/dev/null
	umoci raw add-layer --image image:it lower.tar >/dev/null
	umoci raw add-layer --image image:it upper.tar >/dev/null
	how=--rootless
	[ "$ENVIRONMENT" != root ] || how=
	umoci raw unpack $how --image image:it theirs >/dev/null
	rlc-tar -xf upper.tar -C tree
	equal "$(files tree)" "$(files theirs)"
	rlc-tar -cf ours.tar -C tree d o
	rlc-tar -cf theirs.tar -C theirs d o
	gen list ours.tar mtime >ours
	gen list theirs.tar mtime >theirs.list
	same ours theirs.list
}

@test "a directory that stays keeps its time, though a whiteout removes what is in it" {
	layer <<-'END' >0.tar
		layer.directory("d")
		layer.directory("d/e", time="5")
		layer.add("d/e/low")
		layer.directory("d/f", time="5")
		layer.add("d/f/low")
	END
	layer <<-'END' >1.tar
		layer.directory("d", time="6")
		layer.directory("d/e", time="7")
		layer.add("d/e/high")
		layer.add("d/f/high")
		layer.add("else")
		layer.add(".wh.d")
	END
	mkdir t
	rlc-tar -xf 0.tar -C t
	rlc-tar -xf 1.tar -C t
	equal "$(stat -c %Y t/d t/d/e t/d/f | paste -sd' ')" "6 7 5"
	equal "$(find t -name low)" ""
}
