/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hyper.h - libvirt.  Only hyper*.c includes its headers.
 *
 * hyper_open() starts one thread that runs libvirt's event loop; changed() is
 * called from it.  The driver's functions may be called from any thread.
 */
#ifndef VM_HYPER_H
#define VM_HYPER_H

#include "vm/driver.h"

#define HYPER_SLOTS_MAX ((size_t)32)

struct hyper;

struct hyper_conf {
	/* NULL or "" = the embedded driver with its root in root. */
	const char *uri;
	/* Its etc/qemu.conf is written when it is the root. */
	const char *root;
	/* Something happened to the guest of this slot: ask fate(). */
	void (*changed)(void *arg, size_t slot);
	void *arg;
};

/* ERR_SYS with a sentence in why (DRIVER_WHY_BYTES). */
int must_check hyper_open(
    const struct hyper_conf *conf, char *why, struct hyper **ret_hyper);
void hyper_close(struct hyper *hyper);
struct driver hyper_driver(struct hyper *hyper);
/*
 * Destroys every machine of ours that is still there from a process that
 * died.  Returns how many there were.
 */
size_t hyper_sweep(struct hyper *hyper);
/* {"uri", "libvirt", "hypervisor"}; a new reference. */
json_t *hyper_versions(struct hyper *hyper);

/* --- hyper_port.c --- */

struct _virDomain;
struct _virConnect;
int must_check hyper_port_open(struct _virConnect *conn,
    struct _virDomain *domain, const char *channel, char *why,
    struct port **ret_port);

#endif
