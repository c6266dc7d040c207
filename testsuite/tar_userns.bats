# SPDX-License-Identifier: Apache-2.0
# A user namespace around rlc changes nothing in what is kept.
# environments: user tmpfs oldkernel
load lib

@test "a tree that was made inside a namespace is read the same outside, and the other way round" {
	gen rich special >python.tar
	mkdir in out
	runs 0 rlc-tar -xpf python.tar -C out
	runs 0 unshare -r "$BATS_RUN_TMPDIR/bin/rlc-tar" -xpf python.tar -C in
	runs 0 rlc-tar -cf in.tar -C in .
	runs 0 unshare -r "$BATS_RUN_TMPDIR/bin/rlc-tar" -cf out.tar -C out .
	gen list python.tar >want
	gen list in.tar >got
	same want got
	gen list out.tar >got
	same want got
}
