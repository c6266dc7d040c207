// SPDX-License-Identifier: Apache-2.0
#include "core/emu/call.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

enum {
	X32_BIT = 0x40000000, /* bears x86-64's name and other numbers */
	PROGRAM_MAX = 4096,   /* the kernel's limit */
};

#define AT(field) ((uint32_t)offsetof(struct seccomp_data, field))

struct program {
	struct sock_filter code[PROGRAM_MAX];
	size_t count;
};

static void add(struct program *p, struct sock_filter instruction)
{
	if (p->count < PROGRAM_MAX)
		p->code[p->count] = instruction;
	p->count++;
}

static void load(struct program *p, uint32_t offset)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset));
}

static void finish(struct program *p, uint32_t action)
{
	add(p, (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action));
}

/* What follows, up to skip instructions, is for one value only. */
static void only_if(struct program *p, uint16_t test, uint32_t value, uint8_t skip)
{
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | test | BPF_K, value, 0, skip));
}

/* What the filter does about a row: 0 for nothing. */
static uint32_t action_of(const struct call_row *row, const struct emu_options *o)
{
	if (o->mode == EMU_LIE)
		return row->lie ? SECCOMP_RET_ERRNO : 0;
	if (row->strict && !o->strict)
		return 0;
	if (!row->handler)
		return row->error ? SECCOMP_RET_ERRNO | (uint32_t)row->error : 0;
	return SECCOMP_RET_USER_NOTIF;
}

/* In lie mode only devices are lied about; FIFOs and files are made. */
static void add_lie_about_devices(struct program *p, const struct call_row *row, int nr)
{
	only_if(p, BPF_JEQ, (uint32_t)nr, 7);
	load(p, AT(args[0]) + 8u * row->arg);
	add(p, (struct sock_filter)BPF_STMT(BPF_ALU | BPF_AND | BPF_K, S_IFMT));
	only_if(p, BPF_JEQ, S_IFCHR, 1);
	finish(p, SECCOMP_RET_ERRNO);
	only_if(p, BPF_JEQ, S_IFBLK, 1);
	finish(p, SECCOMP_RET_ERRNO);
	finish(p, SECCOMP_RET_ALLOW);
}

static void add_row(
	struct program *p, const struct call_row *row, int nr, const struct emu_options *o)
{
	uint32_t action = action_of(row, o);

	if (nr < 0 || !action)
		return;
	if (o->mode == EMU_LIE && row->when == WHEN_DEVICE) {
		add_lie_about_devices(p, row, nr);
		return;
	}
	if (o->mode == EMU_LIE || row->when == WHEN_ALWAYS || row->when == WHEN_DEVICE ||
		(o->strict && row->strict_all)) {
		only_if(p, BPF_JEQ, (uint32_t)nr, 1);
		finish(p, action);
		return;
	}
	only_if(p, BPF_JEQ, (uint32_t)nr, 4);
	load(p, AT(args[0]) + 8u * row->arg);
	only_if(p, row->when == WHEN_BITS ? BPF_JSET : BPF_JEQ, row->value, 1);
	finish(p, action);
	finish(p, SECCOMP_RET_ALLOW);
}

static void add_section(struct program *p, const struct emu_options *o, bool i386)
{
	load(p, AT(nr));
	if (!i386) {
		add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT, 0, 1));
		finish(p, SECCOMP_RET_ERRNO | ENOSYS);
	}
	for (size_t i = 0; i < call_table_size; i++)
		add_row(p, &call_table[i], i386 ? call_table[i].nr_i386 : call_table[i].nr, o);
	finish(p, SECCOMP_RET_ALLOW);
}

/*
 * Calls of an architecture without numbers here are refused: none goes through unseen. The jump
 * over a section may be longer than a conditional one can be.
 */
static void add_architecture(
	struct program *p, const struct emu_options *o, uint32_t arch, bool i386)
{
	size_t jump;

	load(p, AT(arch));
	add(p, (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 1, 0));
	jump = p->count;
	add(p, (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0));
	add_section(p, o, i386);
	if (jump < PROGRAM_MAX)
		p->code[jump].k = (uint32_t)(p->count - jump - 1);
}

static int set_filter(const struct sock_fprog *prog, unsigned long flags)
{
	return (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, prog);
}

/*
 * A signal must not interrupt a call whose work is done already (WAIT_KILLABLE_RECV, Linux 5.19);
 * nor should the filter slow the guest down (SPEC_ALLOW).
 */
static int install(const struct sock_fprog *prog, unsigned long listener)
{
	unsigned long flags = listener | SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	int r = -1;

	if (listener)
		r = set_filter(prog, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV);
	if (r < 0 && (!listener || errno == EINVAL))
		r = set_filter(prog, flags);
	return r < 0 ? -errno : r;
}

int emu_install(const struct emu_options *o, struct err *err)
{
	cleanup_free struct program *p = calloc(1, sizeof(*p));
	struct sock_fprog prog;
	unsigned long listener = o->mode == EMU_FULL ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	int r;

	if (!p)
		return -ENOMEM;
	add_architecture(p, o, AUDIT_ARCH_X86_64, false);
	add_architecture(p, o, AUDIT_ARCH_I386, true);
	finish(p, SECCOMP_RET_KILL_PROCESS);
	if (p->count > PROGRAM_MAX)
		return err_set(err, -E2BIG, "the filter is too long", NULL);
	prog = (struct sock_fprog){(unsigned short)p->count, p->code};
	r = install(&prog, listener);
	if (r == -EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0)
		r = install(&prog, listener);
	return r < 0 ? err_set(err, r, "cannot filter system calls", NULL) : r;
}
