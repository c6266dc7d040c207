# SPDX-License-Identifier: Apache-2.0
# What goes wrong: damaged archives, bombs, a full disk, an interrupted run, a race, and each
# system call failing once. Never a crash, never a silent loss.
# environments: user root
load lib

setup() {
	rlc_setup
	layer >small.tar <<-'END'
		layer.directory("etc", owner=(0, 1))
		layer.add("etc/shadow", data=b"alice:*:\n", mode=0o640, owner=(0, 42), attrs={"user.x": b"y"})
		layer.hardlink("etc/shadow-", "etc/shadow")
		layer.directory("home", 0o555, owner=(5, 5))
		layer.add("home/data", data=b"0123456789" * 20000, owner=(1001, 1001), mode=0o444)
		layer.symlink("home/link", "data", owner=(1001, 7))
		layer.add("home/pipe", tarfile.FIFOTYPE, owner=(9, 9))
	END
}

# reference: what small.tar comes to once it is extracted and packed again
reference() {
	rlc-tar -xf small.tar -C reference
	rlc-tar -cf reference.tar -C reference etc home
}

# each_format: archive.FORMAT in all formats and compressions
each_format() {
	reference
	cp small.tar archive.pax
	rlc-tar -cf archive.gnu --format=gnutar -C reference etc home
	rlc-tar -cf archive.newc --format=newc -C reference etc home
	rlc-tar -cf archive.ustar --format=ustar -C reference etc home || :
	bsdtar -cf archive.odc --format=odc -C reference etc home
	gzip -c small.tar >archive.gz
	zstd -qc small.tar >archive.zst
	zstd -qc --no-check small.tar >archive.zst-nocheck
	{ head -c 4096 small.tar | gzip; tail -c +4097 small.tar | gzip; } >archive.members
}

@test "archives that are cut off: exit 1 and a message, or complete" {
	each_format
	for archive in archive.*; do
		mkdir damaged
		rlc-tar -xf "$archive" -C whole
		rlc-tar -cf reference.tar -C whole etc home
		chmod -R u+rwX whole
		rm -rf whole
		gen damage cut 30 "$archive" damaged
		for file in damaged/*; do
			run timeout 30 rlc-tar -xf "$file" -C out
			[ "$status" -le 1 ] || { echo "$file of $archive: exit $status: $output"; false; }
			if [ "$status" = 0 ]; then
				# only the end of the archive is missing
				rlc-tar -cf got.tar -C out etc home 2>/dev/null || [ "$(cat "$file" | wc -c)" -lt 2 ]
				[ "$(cat "$file" | wc -c)" -lt 2 ] || cmp got.tar reference.tar ||
					{ echo "$file of $archive: silently incomplete"; false; }
			else
				has 'rlc-tar: '
			fi
			chmod -R u+rwX out 2>/dev/null || :
			rm -rf out
		done
		rm -rf damaged
	done
}

@test "archives with one wrong bit: no crash, no way out, no hang" {
	each_format
	mkdir canary
	gen tree -c canary >before
	for archive in archive.*; do
		mkdir damaged
		gen damage flip 30 "$archive" damaged
		for file in damaged/*; do
			for verb in '-x -C out' -t; do
				run timeout 30 rlc-tar $verb -f "$file"
				[ "$status" -le 1 ] || { echo "$file of $archive: exit $status: $output"; false; }
			done
			case $archive in
			archive.gz | archive.members | archive.zst) # these have checksums
				[ "$status" = 1 ] || rlc-tar -tvf "$file" >got
				[ "$status" = 1 ] || { rlc-tar -tvf small.tar | cmp - got; } ;;
			esac
			chmod -R u+rwX out 2>/dev/null || :
			rm -rf out
		done
		rm -rf damaged
	done
	gen tree -c canary >after
	same before after
}

@test "bombs are unpacked in 64 MiB" {
	head -c 1000000000 /dev/zero | gzip -1 >zeros.gz
	head -c 1000000000 /dev/zero | zstd -q >zeros.zst
	for bomb in zeros.gz zeros.zst; do
		runs 0 rss 65536 rlc-tar -tf $bomb || runs 1 rss 65536 rlc-tar -tf $bomb
	done
	# a file of zeros, a thousand times smaller as it is stored
	{
		/usr/bin/python3 -c 'import sys, tarfile
info = tarfile.TarInfo("zeros"); info.size = 300000000
sys.stdout.buffer.write(info.tobuf())'
		head -c 300001280 /dev/zero
	} | gzip >file.gz
	runs 0 rss 65536 rlc-tar -xf file.gz -C out
	equal "$(stat -c %s out/zeros)" 300000000
	# many entries
	layer <<<'[layer.add("f%d" % i) for i in range(60000)]' | gzip >many.gz
	runs 0 rss 65536 rlc-tar -tf many.gz
	equal "${#lines[@]}" 60000
}

@test "memory is bounded: many hard links, directories and long names" {
	layer >many.tar <<-'END'
		layer.add("first")
		for i in range(20000):
		    layer.hardlink("l%d" % i, "first")
		    layer.directory("d%d" % i, 0o500)
	END
	runs 0 rss 65536 rlc-tar -xf many.tar -C out
	runs 0 rss 65536 rlc-tar -cf again.tar -C out .
	runs 0 rss 65536 rlc-tar -df again.tar -C out
}

# mounted SIZE SCRIPT: a small tmpfs at mnt, in a mount namespace of its own
mounted() {
	local how=-rm
	[ "$(id -u)" != 0 ] || how=-m
	mkdir -p mnt
	unshare $how bash -c 'mount -t tmpfs -o size="$0" none mnt && eval "$1"' "$1" "$2"
}

@test "a full disk is one clear error, exit 1" {
	layer >big.tar <<<'[layer.add("f%d" % i, data=b"x" * 100000) for i in range(30)]'
	runs 1 mounted 1m 'rlc-tar -xf big.tar -C mnt/out'
	has 'No space left on device'
	[ "${#lines[@]}" -le 3 ]
	rlc-tar -xf big.tar -C out
	runs 1 mounted 1m 'rlc-tar -cf mnt/out.tar -C out .'
	has 'No space left on device'
	runs 1 bash -c 'rlc-tar -c -C out . >/dev/full'
	has 'No space left on device'
	runs 1 bash -c 'rlc-tar -tf big.tar >/dev/full'
}

@test "--one-file-system" {
	rlc-tar -xf small.tar -C tree
	mkdir tree/mnt
	cd tree
	mounted 1m 'touch mnt/inside; rlc-tar -cf ../one.tar --one-file-system -C . .; rlc-tar -cf ../all.tar -C . .'
	cd ..
	equal "$(rlc-tar -tf one.tar | grep mnt)" ./mnt/
	equal "$(rlc-tar -tf all.tar | grep mnt)" $'./mnt/\n./mnt/inside'
}

@test "a run that was killed is completed by a second" {
	layer >big.tar <<-'END'
		for i in range(3000):
		    if i % 100 == 0:
		        layer.directory("d%d" % i, 0o555, owner=(i, i + 1))
		    layer.add("d%d/f%d" % (i // 100 * 100, i), data=b"x" * 3000, owner=(i, 5), mode=0o400)
		    layer.symlink("d%d/l%d" % (i // 100 * 100, i), "f", owner=(7, i)) if i % 50 == 0 else None
	END
	rlc-tar -xf big.tar -C want
	rlc-tar -cf want.tar -C want .
	for delay in 0.01 0.03 0.06 0.1 0.2; do
		timeout -s KILL $delay rlc-tar -xf big.tar -C out || :
	done
	runs 0 rlc-tar -xf big.tar -C out
	is ''
	rlc-tar -cf got.tar -C out .
	gen list want.tar >want.list
	gen list got.tar >got.list
	sed -i '/^{"name": "\."/d' want.list got.list
	same want.list got.list
	equal "$(find out -name '.*' ! -name . | head)" ''
}

@test "an extraction over an existing tree replaces what stands, and its records" {
	rlc-tar -xf small.tar -C out
	layer >other.tar <<-'END'
		layer.symlink("etc/shadow", "/nowhere", owner=(3, 3))
		layer.add("home/link", data=b"a file now", owner=(4, 4))
		layer.add("home/data", tarfile.FIFOTYPE, owner=(0, 0))
		layer.directory("home/pipe", owner=(6, 6))
		layer.directory("etc", 0o700, owner=(0, 0), time="5")
	END
	runs 0 rlc-tar -xf other.tar -C out
	rlc-tar -cf got.tar -C out etc home
	gen list got.tar >got
	gen list other.tar >want
	for name in etc etc/shadow home/link home/data home/pipe; do
		equal "$(grep -F "{\"name\": \"$name\"," got)" "$(grep -F "{\"name\": \"$name\"," want)"
	done
	# the other name of what was replaced is as it was
	grep -F '"name": "etc/shadow-"' got | grep -F '"gid": 42'
	# and back again
	runs 0 rlc-tar -xf small.tar -C out
	rlc-tar -cf got.tar -C out etc home
	gen list got.tar mtime >got
	gen list small.tar mtime >want
	same want got
}

@test "a directory that is swapped for a symlink while rlc works" {
	mkdir outside tree tree/d
	echo SECRET >outside/f1
	ln -s ../outside tree/other
	ln -s "$WORK/outside" tree/absolute
	layer >race.tar <<-'END'
		for i in range(400):
		    layer.add("d/f%d" % (i % 40), data=b"x" * 100, owner=(i, 5), mode=0o600 + i % 64)
		    layer.directory("d/sub%d" % (i % 7), 0o755, owner=(5, i))
		    layer.hardlink("d/h%d" % (i % 40), "d/f%d" % (i % 40))
	END
	gen tree -c outside >before
	for link in other absolute; do
		for i in 1 2 3; do
			run swap tree/d tree/$link 20 timeout 60 "$BATS_RUN_TMPDIR/bin/rlc-tar" -xf race.tar -C tree
			[ "$status" -le 1 ]
			run swap tree/d tree/$link 20 timeout 60 "$BATS_RUN_TMPDIR/bin/rlc-tar" -cf got.tar -C tree .
			[ "$status" -le 1 ]
			! grep -q SECRET got.tar
		done
		[ -d tree/d ] && [ ! -L tree/d ]
	done
	gen tree -c outside >after
	same before after
}

# Extraction and creation, with the Nth call failing: exit is not 0, or all is complete.

# nth VERB: for each N until no call is left; the result is compared by $check
nth() {
	local n status bad=0
	for ((n = 1; n < 5000; n++)); do
		chmod -R u+rwX out 2>/dev/null || :
		rm -rf out got.tar
		status=0
		FAILNTH_SAY=1 timeout 60 failnth $n "$BATS_RUN_TMPDIR/bin/rlc-tar" "$@" >said 2>&1 || status=$?
		[ $status != 100 ] || break
		if [ $status -gt 2 ]; then
			echo "call $n: exit $status: $(cat said)"
			bad=1
		elif [ $status = 0 ] && ! "$check"; then
			echo "call $n: exit 0, and not complete: $(head -n 3 said)"
			bad=1
		fi
	done
	echo "$n calls"
	[ $n -gt 50 ] && [ $n -lt 5000 ] && [ $bad = 0 ]
}

extracted() { rlc-tar -cf got.tar -C out etc home && cmp -s got.tar reference.tar; }
created() { cmp -s got.tar reference.tar; }

@test "each system call of an extraction fails once" {
	reference
	check=extracted
	nth -xf small.tar -C out
}

@test "each system call of an extraction fails once, over an existing tree" {
	reference
	rlc-tar -xf small.tar -C existing
	echo different >existing/etc/shadow
	again() {
		rlc-tar -cf got.tar -C existing etc home && cmp -s got.tar reference.tar
	}
	check=again
	nth -xf small.tar -C existing
	# and whatever failed, one more run makes it good
	rlc-tar -xf small.tar -C existing
	again
}

@test "each system call of an extraction from gzip fails once" {
	reference
	gzip -c small.tar >small.gz
	check=extracted
	nth -xf small.gz -C out
}

@test "each system call of a creation fails once" {
	reference
	check=created
	nth -cf got.tar -C reference etc home
}

@test "each system call of a compressed creation fails once" {
	rlc-tar -xf small.tar -C reference
	rlc-tar -czf reference.tar -C reference etc home
	check=created
	nth -czf got.tar -C reference etc home
	rlc-tar -c --zstd -f reference.tar -C reference etc home
	nth -c --zstd -f got.tar -C reference etc home
}
