/* SPDX-License-Identifier: Apache-2.0 */
/*
 * driver.h - what a slot asks of the hypervisor.  hyper.c answers through
 * libvirt; the tests through a driver of their own.  All of it may block and
 * is called from the slot's own thread.
 */
#ifndef VM_DRIVER_H
#define VM_DRIVER_H

#include "vm/machine.h"
#include "vm/port.h"

#define DRIVER_WHY_BYTES ((size_t)512)

/* What became of a guest without our doing. */
enum guest_fate {
	GUEST_RUNS,
	GUEST_OFF,     /* powered off or rebooted itself */
	GUEST_CRASHED, /* panicked, or its QEMU died */
};

struct driver {
	/* Starts the machine from its disk. */
	int (*boot)(void *arg, const struct machine *m, char *why);
	/* Writes its memory into path and ends it. */
	int (*save)(
	    void *arg, const struct machine *m, const char *path, char *why);
	/* Goes on from path, with m->overlay as its disk. */
	int (*restore)(
	    void *arg, const struct machine *m, const char *path, char *why);
	/* Ends it, whatever it does; fine when it is not there. */
	int (*destroy)(void *arg, const struct machine *m, char *why);
	/* The stream to its agent. */
	int (*open_port)(void *arg, const struct machine *m,
	    struct port **ret_port, char *why);
	/* A new overlay over backing, replacing a file of that name. */
	int (*overlay)(
	    void *arg, const char *backing, const char *path, char *why);
	/* What became of the guest; wake (below) was called on a change. */
	enum guest_fate (*fate)(void *arg, const struct machine *m);
	void *arg;
};

#endif
