/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kvm.h - whether hardware virtualisation truly works here.
 *
 * On nested hosts /dev/kvm may open, make a machine, and still not run an
 * ordinary guest.  So a kernel is booted, once for each boot of the host; the
 * answer is kept in a file.
 */
#ifndef VM_KVM_H
#define VM_KVM_H

#include <stdbool.h>
#include <stddef.h>

#define KVM_WHY_BYTES ((size_t)256)

/*
 * kernel is what to boot; cache the file for the answer (NULL = ask anew).
 * why tells in a sentence.  Takes seconds the first time.
 */
bool kvm_works(const char *kernel, const char *cache, char why[KVM_WHY_BYTES]);

#endif
