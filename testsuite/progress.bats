# SPDX-License-Identifier: Apache-2.0
# Long work shows on a terminal how far it is, and nowhere else.
# environments: user root
load lib

setup() {
	rlc_setup
	mkdir d
	head -c 3000000 /dev/urandom >d/f
	rlc-tar -cf a.tar d
	# an archive that takes its time
	mkfifo slow
}

slowly() { (head -c 1500000 a.tar; sleep 1.5; tail -c +1500001 a.tar) >slow & }

@test "a terminal sees what is done, how much and how fast, and the line goes" {
	mkdir out
	slowly
	runs 0 gen terminal rlc-tar -xf slow -C out <<-'EOF'
		see rlc-tar: extracting: 1 MiB, 
		see MiB/s
	EOF
	[[ $output == *$'\033[K' || $output == *$'\033[K\r' ]]
	cmp d/f out/d/f
}

@test "no terminal sees none of it" {
	mkdir out
	slowly
	runs 0 rlc-tar -xf slow -C out
	is ''
}

@test "short work shows none" {
	mkdir out
	runs 0 gen terminal rlc-tar -xf a.tar -C out </dev/null
	[[ $output != *extracting* ]]
}

@test "a listing is progress enough" {
	mkdir out
	slowly
	runs 0 gen terminal rlc-tar -xvf slow -C out <<-'EOF'
		see d/f
	EOF
	[[ $output != *extracting* ]]
}

@test "rlc-image shows how far the reading of an archive is" {
	slowly
	runs 0 gen terminal rlc-image copy tar:slow images:a <<-'END'
		see rlc-image copy: reading: 1 MiB, 
		see MiB/s
	END
	[[ $output == *$'\033[K' || $output == *$'\033[K\r' ]]
	slowly
	runs 0 rlc-image copy tar:slow images:b
	is ''
	slowly
	runs 0 gen terminal rlc-image diff tar:slow images:b <<-'END'
		see rlc-image diff: reading: 
	END
}

@test "rlc-image shows how much of a layout's layers is done" {
	truncate -s 500M zeros
	tar -cf - zeros | zstd -q >zeros.tar
	rlc-image init --layout images
	rlc-image new --image images:a
	rlc-image raw add-layer --compress zstd --image images:a zeros.tar
	runs 0 gen terminal rlc-image squash --compress gzip --image images:a <<-'END'
		see rlc-image squash: merging: 
		see %, 
		see MiB, 
	END
	rlc-image validate --layout images
}
