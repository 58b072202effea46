/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loep-sched - leases jobs, drives analysers and the VM pool, and passes on
 * what they find.
 *
 * Reads:  records of caged analysers, from pipes; reports of loep-vm.
 * Writes: findings to the store, children into pipes of the vault.
 * Trusts: the store.  Nothing that an analyser writes.
 * Ends:   with its parent, or at STOP.  What it held is leased again.
 */
#include "sched/sched.h"

int
main(void)
{
	return sched_main();
}
