/* SPDX-License-Identifier: Apache-2.0 */
/* summary.h - what a run did on the network, in JSON that fits a message. */
#ifndef SIMNET_SUMMARY_H
#define SIMNET_SUMMARY_H

#include "lib/json.h"
#include "simnet/pcap.h"
#include "simnet/stack.h"

/* Of the text; the scheduler keeps 28 KiB of a run's whole environment. */
#define SUMMARY_BYTES ((size_t)20480)

/* The text; the caller frees.  Lists are cut to fit ("is_cut"). */
char *summary_make(const struct stack *stack, const struct pcap *pcap);

#endif
