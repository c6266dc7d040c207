# SPDX-License-Identifier: Apache-2.0
# rlc-image flatten, squash, rebase, history: layers merged without a tree on disk.
# environments: user root
load lib

# extracted DIR TAR...: one after the other, whatever cannot be extracted left out
extracted() {
	local dir=$1 tar
	shift
	mkdir "$dir"
	for tar; do
		rlc-tar -xf "$tar" -C "$dir" 2>>complaints || :
	done
}

# alike DIR DIR: the same tree, but for the times of directories, which no entry may have said
alike() {
	local dir
	for dir; do
		rlc-tar -C "$dir" --mtime=@0 -cf "$dir.all" . || return
		rlc-tar -tvf "$dir.all" >"$dir.list" || return
		(cd "$dir" && find . ! -type d -printf '%p %T@\n' | sort) >"$dir.times" || return
	done
	[ -s "$1.times" ] || return
	same "$1.list" "$2.list" || return
	same "$1.all" "$2.all" || return
	same "$1.times" "$2.times"
}

# three: 0.tar, 1.tar and 2.tar, in which nothing is amiss
three() {
	layer <<<'layer.directory("d"); layer.add("d/a", data=b"1", owner=(1, 2))' >0.tar
	layer <<<'layer.add("d/b", data=b"2" * 9999); layer.hardlink("c", "d/b")' >1.tar
	layer <<<'layer.add("d/.wh.a"); layer.symlink("e", "d")' >2.tar
	image a 0.tar 1.tar 2.tar
}

@test "flatten is what extracting the layers one after the other makes: 12 seeds" {
	for seed in {1..12}; do
		gen merge "$seed" $((seed % 4 + 1))
		image "$seed" [0-9].tar
		extracted want [0-9].tar
		rlc-image flatten --image "oci:$seed" flat.tar 2>>complaints || :
		extracted got flat.tar
		alike want got || { echo "seed $seed"; false; }
		chmod -R u+rwX want got
		rm -rf ./*.tar want got
	done
}

@test "squash of the upper layers lies on the lower ones as they did: 12 seeds" {
	for seed in {101..112}; do
		gen merge "$seed" 4
		image "$seed" [0-9].tar
		extracted want [0-9].tar
		rlc-image squash --image "oci:$seed" --from 3 --tag new 2>>complaints || :
		equal "$(layers new)" 3
		rlc-image flatten --image oci:new flat.tar 2>>complaints || :
		extracted got flat.tar
		alike want got || { echo "seed $seed"; false; }
		chmod -R u+rwX want got
		rm -rf ./*.tar want got
	done
}

@test "squash in the middle leaves the layers around it" {
	gen merge 77 4
	image all [0-9].tar
	rlc-image squash --image oci:all --from 2 --to 3 --tag less 2>/dev/null || :
	equal "$(layers less)" 3
	for n in 0 -1; do
		equal "$(rlc-image stat --json --image oci:all | jq -c ".manifest.blob.layers[$n]")" \
			"$(rlc-image stat --json --image oci:less | jq -c ".manifest.blob.layers[$n]")"
	done
	rlc-image flatten --image oci:all all.tar 2>/dev/null || :
	rlc-image flatten --image oci:less less.tar 2>/dev/null || :
	extracted want all.tar
	extracted got less.tar
	alike want got
}

@test "the content of a hard link whose first name is gone goes to the next one" {
	layer <<-'END' >0.tar
		layer.add("first", data=b"content", owner=(5, 6))
		layer.hardlink("second", "first")
		layer.hardlink("third", "first")
	END
	layer <<<'layer.add(".wh.first")' >1.tar
	image links 0.tar 1.tar
	rlc-image flatten --image oci:links flat.tar
	runs 0 tar -tvf flat.tar --full-time --numeric-owner
	lacks "first"
	has "5/6               7 2001-09-09 01:46:40 second" "third link to second"
}

@test "flatten to standard output, compressed, twice the same" {
	three
	runs 0 rlc-image flatten --image oci:a one.tar
	rlc-image flatten --image oci:a - >two.tar
	same one.tar two.tar
	rlc-image flatten --compress gzip --image oci:a - | gzip -dc >three.tar
	same one.tar three.tar
}

@test "a damaged layer leaves no file behind, and an older one as it was" {
	three
	blob=oci/blobs/sha256/$(rlc-image stat --json --image oci:a |
		jq -r '.manifest.blob.layers[1].digest' | cut -d: -f2)
	chmod u+w "$blob"
	printf x | dd of="$blob" bs=1 seek=20 conv=notrunc status=none
	echo old >flat.tar
	runs 1 rlc-image flatten --image oci:a flat.tar
	has "rlc-image flatten: "
	equal "$(cat flat.tar)" old
	equal "$(ls)" "$(printf '%s\n' 0.tar 1.tar 2.tar flat.tar oci)"
	runs 1 rlc-image squash --image oci:a --tag b
	runs 0 rlc-image list --layout oci
	is a
}

@test "squash: history, and the range is checked" {
	three
	SOURCE_DATE_EPOCH=7 rlc-image squash --image oci:a --tag b --history.comment merged
	equal "$(rlc-image history --json --image oci:b | jq -c '[.empty_layer, .comment, .created]' | tail -n 2)" \
		"$(printf '%s\n' '[true,null,'"$(rlc-image history --json --image oci:a | tail -n 1 | jq .created)]" '[null,"merged","1970-01-01T00:00:07Z"]')"
	runs 0 rlc-image validate --layout oci
	rlc-image squash --image oci:a --tag c --no-history
	equal "$(rlc-image history --json --image oci:c | jq -c .empty_layer | sort | uniq -c | tr -s ' ')" \
		"$(printf '%s\n' ' 1 null' ' 2 true')"
	runs 2 rlc-image squash --image oci:a --from 4
	has "the image has 3 layers"
	runs 2 rlc-image squash --image oci:a --from 3 --to 2
	runs 2 rlc-image squash --image oci:a --to x
	has "'x' is no number of a layer"
}

@test "rebase: layers above stay, the config follows where the image has not changed it" {
	layer <<<'layer.add("old", data=b"1")' >old.tar
	layer <<<'layer.add("new", data=b"2")' >new.tar
	layer <<<'layer.add("app", data=b"3")' >app.tar
	image old old.tar
	rlc-image config --image oci:old --config.env A=1 --config.env PATH=/old --config.user root
	rlc-image tag --image oci:old mine
	rlc-image raw add-layer --image oci:mine app.tar
	rlc-image config --image oci:mine --config.env A=mine --config.env B=2 --config.cmd run
	image new new.tar new.tar
	rlc-image config --image oci:new --config.env A=9 --config.env PATH=/new --config.user 7
	runs 0 rlc-image rebase --image oci:mine --from old --onto new --tag moved
	rlc-image flatten --image oci:moved - | tar -t >list
	same list <(printf '%s\n' new app)
	equal "$(rlc-image stat --json --image oci:moved | jq -c '.config.blob.config | [.Env, .User, .Cmd]')" \
		'[["A=mine","PATH=/new","B=2"],"7",["run"]]'
	equal "$(layers moved)" 3
	equal "$(rlc-image history --json --image oci:moved | jq -s '[.[] | select(.layer)] | length')" 3
	runs 0 rlc-image validate --layout oci
	runs 1 rlc-image rebase --image oci:mine --from new --onto old
	has "its layers are not those that the image begins with"
	runs 2 rlc-image rebase --image oci:mine --from old
	has "--onto is missing"
}

@test "history is stat's table" {
	three
	runs 0 rlc-image history --image oci:a
	has LAYER
	equal "$output" "$(rlc-image stat --image oci:a | sed '1,/== HISTORY ==/d')"
	equal "$(rlc-image history --json --image oci:a | jq -cs .)" \
		"$(rlc-image stat --json --image oci:a | jq -c .history)"
}

@test "umoci unpacks a squashed image as it does the original" {
	command -v umoci >/dev/null || skip "umoci is missing"
	layer <<-'END' >0.tar
		layer.directory("d", owner=(3, 4))
		layer.add("d/gone", data=b"1")
		layer.add("d/stays", data=b"2", owner=(7, 8))
		layer.directory("opaque")
		layer.add("opaque/gone", data=b"3")
	END
	layer <<-'END' >1.tar
		layer.add("d/.wh.gone")
		layer.directory("opaque")
		layer.add("opaque/.wh..wh..opq")
		layer.add("opaque/new", data=b"4")
		layer.hardlink("d/link", "opaque/new")
	END
	layer <<-'END' >2.tar
		layer.add(".wh.opaque")
		layer.directory("e")
		layer.symlink("e/s", "../d")
	END
	image a 0.tar 1.tar 2.tar
	rlc-image squash --image oci:a --tag one
	rlc-image squash --image oci:a --tag two --from 2
	for tag in a one two; do
		umoci unpack --rootless --image "oci:$tag" "$tag"
		rlc-tar -C "$tag/rootfs" --mtime=@0 -cf "$tag.all" .
	done
	same a.all one.all
	same a.all two.all
	runs 0 rlc-tar -tvf a.all
	has "d/link" "d/stays" "e/s -> ../d"
	lacks "gone" "new"
}
