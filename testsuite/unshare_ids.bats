# SPDX-License-Identifier: Apache-2.0
# rlc-unshare: who a process is, and each of its threads; what users who were root may do, and with
# --strict what they may search, read and execute.
# environments: user noopenat2 oldkernel inns
load lib

# guest OPTION... -- SCRIPT: Python as emulated root. sys_ID calls are raw: they change one thread.
guest() {
	local options=()
	while [ "$1" != -- ]; do options+=("$1"); shift; done
	cat >guest.py <<-'PYTHON'
		import ctypes, errno, os, socket, sys, threading
		libc = ctypes.CDLL(None, use_errno=True)
		def call(number, *args):
		    r = libc.syscall(number, *args)
		    return errno.errorcode[ctypes.get_errno()] if r < 0 else r
		def setresuid(uid): return call(117, uid, uid, uid)
		def setresgid(gid): return call(119, gid, gid, gid)
		def ids(): return '%d:%d' % (call(107), call(108))
		def say(*what): print(*what, flush=True)
		def attempt(f, *args, **named):
		    try:
		        r = f(*args, **named)
		        return 'done' if r is None or not isinstance(r, bool) else r
		    except OSError as e:
		        return errno.errorcode[e.errno]
		def owner(path):
		    st = os.lstat(path)
		    return '%d:%d' % (st.st_uid, st.st_gid)
		def thread(f, *args):
		    t = threading.Thread(target=f, args=args)
		    t.start()
		    t.join()
		def child(f):
		    pid = os.fork()
		    if pid == 0:
		        f()
		        sys.stdout.flush()
		        os._exit(0)
		    os.waitpid(pid, 0)
	PYTHON
	printf '%s\n' "$2" >>guest.py
	rlc-unshare --emulate=full "${options[@]}" /usr/bin/python3 guest.py
}

@test "a raw setresuid changes one thread, and what this one makes is its user's" {
	runs 0 guest -- '
def other():
    setresgid(33); setresuid(1000)
    say("thread", ids())
    open("d/thread", "w").close()
    say(attempt(os.chown, "f", 1, 1))
os.mkdir("d"); os.chmod("d", 0o777); open("f", "w").close()
thread(other)
say("main", ids())
open("d/main", "w").close()
say(attempt(os.chown, "f", 1, 1))
say(owner("d/thread"), owner("d/main"), owner("f"))'
	is $'thread 1000:33\nEPERM\nmain 0:0\ndone\n1000:33 0:0 1:1'
}

@test "a thread's threads, children and orphans are who it is" {
	runs 0 guest -- '
def orphan():
    ends = os.pipe()
    if os.fork() == 0:
        os.close(ends[1])
        os.read(ends[0], 1)
        say("orphan", ids())
        os._exit(0)
    os.close(ends[0])
    os._exit(0)
def other():
    setresuid(1000)
    thread(lambda: say("its thread", ids()))
    child(lambda: say("its child", ids()))
    done = os.pipe()
    if os.fork() == 0:
        orphan()
    os.wait()
    os.close(done[1])
    os.read(done[0], 1)
    setresuid(0)
def late():
    setresuid(33)
    thread(lambda: say("and of another", ids()))
thread(other)
thread(late)
thread(lambda: say("of the first", ids()))
child(lambda: say("its child", ids()))'
	is $'its thread 1000:0\nits child 1000:0\norphan 1000:0\nand of another 33:0\nof the first 0:0\nits child 0:0'
}

@test "the C library changes all threads, and children are who they are then" {
	runs 0 guest -- '
ready, go = threading.Event(), threading.Event()
def other():
    ready.set(); go.wait()
    say("thread", ids())
    child(lambda: say("its child", ids()))
t = threading.Thread(target=other)
t.start(); ready.wait()
os.setresgid(33, 33, 33); os.setresuid(1000, 1000, 1000)
go.set(); t.join()
say("main", ids())
say(attempt(os.setuid, 0))
os.execv("/usr/bin/id", ["id", "-u"])'
	is $'thread 1000:33\nits child 1000:33\nmain 1000:33\nEPERM\n1000'
}

@test "a thread that executes is the process from then on" {
	runs 0 guest -- '
def other():
    setresuid(1000)
    os.execv("/usr/bin/id", ["id", "-u"])
thread(other)'
	is 1000
	runs 0 guest -- '
def other():
    setresuid(1000)
    say(attempt(os.execv, "no-such-file", ["x"]), ids())
thread(other)
os.execv("/usr/bin/id", ["id", "-u"])'
	is $'ENOENT 1000:0\n0'
}

@test "many threads that differ, more than once" {
	runs 0 guest -- '
def other(n, wrong):
    for uid in n, n + 1000, n + 2000:
        setresuid(uid) if uid == n else call(117, -1, -1, 0)
        for i in range(20):
            if call(102) != n:
                wrong.append((n, call(102)))
wrong = []
ts = [threading.Thread(target=other, args=(n, wrong)) for n in range(1, 41)]
for t in ts: t.start()
for t in ts: t.join()
say(wrong, ids())'
	is "[] 0:0"
}

# A tree with what user 1000 may and may not reach
reaches() {
	mkdir shut shut/in open
	echo secret >shut/in/f
	echo secret >secret
	echo text >open/text
	ln -s ../open/text shut/link
	ln -s shut/in way
	printf '#!/bin/sh\necho ran\n' >program
	chmod 700 shut program
	chmod 600 secret
	chmod 777 open
}

@test "--strict: no way through a directory that may not be searched" {
	reaches
	local script='
os.setresgid(1000, 1000, 1000); os.setgroups([]); os.setresuid(1000, 1000, 1000)
for f, args in ((os.stat, ["shut/in/f"]), (os.lstat, ["shut/link"]), (os.stat, ["way/f"]),
                (os.stat, ["shut/../open/text"]), (os.open, ["shut/in/f", os.O_RDONLY]),
                (os.open, ["shut/in", os.O_PATH]), (os.readlink, ["shut/link"]),
                (os.chdir, ["shut"]), (os.chdir, ["shut/in"]), (os.statvfs, ["open"]),
                (os.listdir, ["shut"]), (os.getxattr, ["shut/in/f", "user.x"]),
                (os.truncate, ["shut/in/f", 0]), (os.execv, ["shut/in/f", ["f"]]),
                (os.fchdir, [os.open("shut", os.O_PATH)]), (os.stat, ["shut"])):
    say(attempt(f, *args))'
	runs 0 guest --strict -- "$script"
	is "EACCES
EACCES
EACCES
EACCES
EACCES
EACCES
EACCES
EACCES
EACCES
done
EACCES
EACCES
EACCES
EACCES
EACCES
done"
	runs 0 guest -- "${script/(os.truncate, [\"shut\/in\/f\", 0]), (os.execv, [\"shut\/in\/f\", [\"f\"]]),/}"
	lacks EACCES
}

@test "--strict: what may not be read, executed, connected to or watched" {
	reaches
	runs 0 guest --strict -- '
server = socket.socket(socket.AF_UNIX)
server.bind("sock"); server.listen(); os.chmod("sock", 0o755)
os.mkfifo("fifo", 0o600)
os.setresgid(1000, 1000, 1000); os.setgroups([]); os.setresuid(1000, 1000, 1000)
say(attempt(os.open, "secret", os.O_RDONLY), attempt(os.open, "open/text", os.O_RDONLY))
say(attempt(os.open, "fifo", os.O_RDONLY | os.O_NONBLOCK))
say(attempt(os.execv, "program", ["program"]))
say(attempt(socket.socket(socket.AF_UNIX).connect, "sock"))
say(call(254, call(253), b"secret", 2), call(254, call(253), b"open/text", 2) != "EACCES")'
	is $'EACCES done\nEACCES\nEACCES\nEACCES\nEACCES True'
	runs 0 guest --strict -- '
os.chmod("program", 0o755)
os.setresuid(1000, 1000, 1000)
os.execv("program", ["program"])'
	is ran
}

@test "--strict: access asks for the real user, with AT_EACCESS for the effective one" {
	reaches
	runs 0 guest --strict -- '
os.setresuid(1000, 0, 0)
say(os.access("secret", os.R_OK), os.access("secret", os.R_OK, effective_ids=True))
say(os.access("shut/in/f", os.F_OK), os.access("shut/in/f", os.F_OK, effective_ids=True))
os.setresuid(0, 1000, 0)
say(os.access("secret", os.R_OK), os.access("secret", os.R_OK, effective_ids=True))'
	is $'False True\nFalse True\nTrue False'
}

@test "--strict: root reads everything, and other limits and filters work" {
	reaches
	chmod 0 secret
	runs 0 rlc-unshare --emulate=full --strict sh -c 'cat secret shut/in/f; ulimit -n 100; ulimit -n'
	is $'secret\nsecret\n100'
}

@test "O_TMPFILE and openat2 with limits of the way: whose file it is, and who may" {
	reaches
	runs 0 guest -- '
import struct
def openat2(path, flags, mode, resolve):
    r = call(437, -100, path, struct.pack("QQQ", flags, mode, resolve), 24)
    return r if isinstance(r, str) else "%d:%d" % (os.fstat(r).st_uid, os.fstat(r).st_gid)
os.mkdir("g"); os.chown("g", 0, 77); os.chmod("g", 0o2777)
os.setresgid(33, 33, 33); os.setresuid(1000, 1000, 1000)
TMP = os.O_TMPFILE | os.O_RDWR
MAKE = os.O_CREAT | os.O_WRONLY
r = os.fstat(os.open("g", TMP, 0o600))
say("%d:%d" % (r.st_uid, r.st_gid), attempt(os.open, "shut", TMP, 0o600))
if openat2(b"open", os.O_RDONLY, 0, 0) not in ("ENOSYS", "EPERM"):
    say(openat2(b"open/a", MAKE, 0o600, 8), openat2(b"g/a", MAKE, 0o600, 16),
        openat2(b"g", TMP, 0o600, 8), openat2(b"secret", os.O_WRONLY, 0, 8),
        openat2(b"secret", MAKE, 0o600, 4), openat2(b"open/../../x", MAKE, 0o600, 8),
        openat2(b"way/f", MAKE, 0o600, 4))
else:
    say("1000:33 1000:77 1000:77 EACCES EACCES EXDEV ELOOP")'
	is $'1000:77 EACCES\n1000:33 1000:77 1000:77 EACCES EACCES EXDEV ELOOP'
}
