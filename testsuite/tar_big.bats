# SPDX-License-Identifier: Apache-2.0
# What takes long: once is enough.
# environments: user
load lib

@test "content over 8 GiB without holes is counted right" {
	# the header alone; its content comes from a pipe
	/usr/bin/python3 - >head <<-'END'
		import sys, tarfile
		info = tarfile.TarInfo("big")
		info.size = (8 << 30) + 5
		sys.stdout.buffer.write(info.tobuf(tarfile.PAX_FORMAT))
	END
	/usr/bin/python3 - >tail <<-'END'
		import sys, tarfile
		info = tarfile.TarInfo("last")
		sys.stdout.buffer.write(bytes(507) + info.tobuf() + bytes(1024))
	END
	run bash -c 'set -o pipefail; { cat head; head -c $(((8 << 30) + 5)) /dev/zero; cat tail; } |
		rlc-tar -tvf -'
	[ "$status" -eq 0 ]
	has ' 8589934597 ' last
}
