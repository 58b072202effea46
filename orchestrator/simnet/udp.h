/* SPDX-License-Identifier: Apache-2.0 */
/* udp.h - datagrams: DNS and time are answered, the rest is remembered. */
#ifndef SIMNET_UDP_H
#define SIMNET_UDP_H

#include "simnet/stack.h"

void udp_input(struct stack *stack, const struct packet *in);

#endif
