/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tun.h - the device that libvirt opens taps with.
 *
 * libvirt refuses another path than /dev/net/tun to an ordinary user.  Where
 * that one is closed to us, loepd (as root) gave us a node of our own: in a
 * mount namespace of this process it takes the other's place.
 */
#ifndef VM_TUN_H
#define VM_TUN_H

#include "lib/err.h"

/*
 * Before any thread and before the cage.  NULL, "" and /dev/net/tun itself
 * need nothing.  ERR_SYS with errno.
 */
int must_check tun_use(const char *device);

#endif
