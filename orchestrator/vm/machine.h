/* SPDX-License-Identifier: Apache-2.0 */
/* machine.h - the virtual machine of a slot, and libvirt's XML for it. */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include "vm/profile.h"

#include <stdbool.h>

#define MACHINE_PREFIX "loep-slot"

struct machine {
	size_t slot;
	const struct profile *profile;
	char name[32]; /* MACHINE_PREFIX and the slot's number */
	char tap[16];  /* "" = no network card */
	bool is_kvm;
	char overlay[PROFILE_PATH_BYTES];
	char serial[PROFILE_PATH_BYTES]; /* a file with its serial console */
	const char *tun_device;		 /* NULL = libvirt's own choice */
};

/* Names of slot and tap from the number. */
void machine_init(struct machine *machine, size_t slot);
/*
 * The domain XML.  The same machine gives the same XML but for the disk's
 * path: that is all that may change between save and restore.  The caller
 * frees.
 */
char *machine_xml(const struct machine *machine);

#endif
