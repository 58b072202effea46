/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netns_setup.h - what the child of netns.c does inside the new namespace.
 *
 * Each function returns ERR_OK, or ERR_SYS after writing into why what it
 * tried, on what, and the reason.
 */
#ifndef PARENT_NETNS_SETUP_H
#define PARENT_NETNS_SETUP_H

#include "parent/netns.h"

/* Writes the 1:1 maps of uid and gid right after unshare(). */
int must_check netns_setup_maps(uid_t uid, gid_t gid, char *why);
/* Takes `lo` up and switches IPv6 off for what comes. */
int must_check netns_setup_base(char *why);
/* Makes tap number slot, persistent and up, owned by uid. */
int must_check netns_setup_tap(
    const char *tun_path, size_t slot, uid_t uid, char *why);
/* A filter that drops at ingress whatever arrives on a tap. */
int must_check netns_setup_filter(size_t taps, char *why);
/* Fails unless the interfaces are exactly `lo` and the taps. */
int must_check netns_setup_verify(size_t taps, char *why);
/* A packet socket bound to tap number slot. */
int must_check netns_setup_packet(size_t slot, int *ret_fd, char *why);

#endif
