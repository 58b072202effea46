/* SPDX-License-Identifier: Apache-2.0 */
/*
 * quarantine.h - what is kept of a slot that failed: the reason, its serial
 * console and QEMU's log, each bounded, of the latest failures.
 */
#ifndef VM_QUARANTINE_H
#define VM_QUARANTINE_H

#include "vm/slot.h"

#define QUARANTINE_KEEP	 ((size_t)16)
#define QUARANTINE_BYTES ((size_t)1 << 20)

/* dir is STATE/vm/quarantine, root libvirt's folder. */
void quarantine_keep(const char *dir, const char *root, const struct slot *slot,
    const char *why);

#endif
