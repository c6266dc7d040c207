# SPDX-License-Identifier: Apache-2.0
# rlc-unshare: what executes as somebody else, and programs of another architecture. Not where a filter
# is on all this before rlc starts: that sets no_new_privs, and lets no i386 through.
# environments: user tmpfs inns
load lib

# guest SCRIPT: a shell that is emulated root
guest() { rlc-unshare --emulate=full sh -ec "$1"; }

@test "setuid files make their owner's processes; no_new_privs forbids it" {
	cat >ids.py <<-'PYTHON'
		import os
		print(*os.getresuid(), *os.getresgid())
	PYTHON
	cp "$(readlink -f /usr/bin/python3)" suid
	runs 0 guest 'chown 500:600 suid; chmod 6755 suid
		./suid ids.py
		setpriv --reuid=1000 --regid=1000 --clear-groups ./suid ids.py
		setpriv --reuid=1000 --regid=1000 --clear-groups --no-new-privs ./suid ids.py'
	is $'0 500 500 0 600 600\n1000 500 500 1000 600 600\n1000 1000 1000 1000 1000 1000'
}

@test "i386 programs see and change owners" {
	[ "$(uname -m)" = x86_64 ]
	cat >i386.c <<-'C'
		struct stat64 { unsigned long long dev; unsigned pad0, ino32, mode, nlink, uid, gid; char rest[200]; } __attribute__((packed));
		static long call(long n, long a, long b, long c)
		{
			long r;
			__asm__ volatile("int $0x80" : "=a"(r) : "a"(n), "b"(a), "c"(b), "d"(c) : "memory");
			return r;
		}
		static void number(unsigned n)
		{
			char text[12];
			int at = 11;
			text[at] = '\n';
			do text[--at] = (char)('0' + n % 10); while (n /= 10);
			call(4, 1, (long)(text + at), 12 - at);
		}
		void _start(void)
		{
			static struct stat64 st;
			number((unsigned)-call(212, (long)"f", 70000, 70001)); /* chown32 */
			number((unsigned)-call(195, (long)"f", (long)&st, 0)); /* stat64 */
			number(st.uid);
			number(st.gid);
			number((unsigned)-call(182, (long)"f", 0xffff, 9)); /* chown with 16 bits: -1 */
			number((unsigned)-call(196, (long)"f", (long)&st, 0)); /* lstat64 */
			number(st.uid);
			number(st.gid);
			call(1, 0, 0, 0);
		}
	C
	gcc -m32 -O1 -ffreestanding -fno-stack-protector -fno-pic -no-pie -nostdlib -static -o i386 i386.c
	touch f
	runs 0 guest ./i386
	is $'0\n0\n70000\n70001\n0\n0\n70000\n9'
}
