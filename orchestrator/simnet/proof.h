/* SPDX-License-Identifier: Apache-2.0 */
/*
 * proof.h - the proof, before each run, that nothing gets out of the
 * namespace that the guest is in.
 *
 * Asked of the kernel: which interfaces, addresses, routes and forwarding
 * there are.  Tried: to reach addresses outside by UDP, TCP and IPv6.
 * Compared: the namespace of the tap, of this process and of loep-vm.
 */
#ifndef SIMNET_PROOF_H
#define SIMNET_PROOF_H

#include "lib/err.h"
#include "lib/json.h"

#include <stdint.h>

#define PROOF_TAPS_MAX ((size_t)32)

struct proof_conf {
	int packet_fds[PROOF_TAPS_MAX]; /* bound to the taps; -1 = none */
	size_t taps;
	const char *tap; /* of the slot that asks */
	/* The namespace that loep-vm says it is in; 0 = it did not say. */
	uint64_t vm_cookie;
};

/*
 * ERR_OK, or ERR_DENIED where something could get out, ERR_SYS where it could
 * not be found out.  *ret_json: what was tried and seen; a new reference in
 * every case.
 */
int must_check proof_make(const struct proof_conf *conf, json_t **ret_json);

#endif
