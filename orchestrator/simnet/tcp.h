/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp.h - the server's side of TCP (RFC 9293), for one guest on one wire.
 *
 * Small on purpose: no window scaling, no selective acknowledgement; segments
 * out of order are not kept (the guest sends them again); what is not
 * acknowledged is sent again from there.  Checksums of the guest are not
 * looked at: the wire is memory.
 */
#ifndef SIMNET_TCP_H
#define SIMNET_TCP_H

#include "simnet/stack.h"

/* Connections at a time; more are refused and counted. */
#define TCP_CONNS_MAX ((size_t)2048)

struct tcp_table;

struct tcp_table *tcp_table_new(struct stack *stack);
void tcp_table_free(struct tcp_table *table);
void tcp_input(struct tcp_table *table, const struct packet *in);
/* For about every 100 ms. */
void tcp_tick(struct tcp_table *table);
size_t tcp_count(const struct tcp_table *table);

#endif
