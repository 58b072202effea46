/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pcap.h - the packet capture of one run, written into a pipe.
 *
 * Classic pcap (draft-ietf-opsawg-pcap): microseconds, LINKTYPE_ETHERNET.
 * What the pipe does not take waits in memory; who captures looks at
 * pcap_is_full() and stops reading frames while it is.
 */
#ifndef SIMNET_PCAP_H
#define SIMNET_PCAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PCAP_HEADER_BYTES ((size_t)24)
#define PCAP_RECORD_BYTES ((size_t)16)

struct pcap {
	int fd; /* owned; -1 = none, or the reader is gone */
	uint8_t *buf;
	size_t start;
	size_t end;
	uint64_t bytes_max;
	uint64_t bytes;	  /* of the file so far */
	uint64_t packets; /* in the file */
	uint64_t cut;	  /* frames that did not go in */
};

/* Takes fd, which must not block. */
void pcap_init(struct pcap *pcap, int fd, uint64_t bytes_max);
void pcap_release(struct pcap *pcap);
/* Adds a frame, or counts it as cut where bytes_max would be passed. */
void pcap_add(
    struct pcap *pcap, int64_t wall_us, const uint8_t *frame, size_t len);
/* Writes what the pipe takes; closes it when nobody reads it. */
void pcap_flush(struct pcap *pcap);
/* Something waits for the pipe. */
bool pcap_is_pending(const struct pcap *pcap);
/* So much waits that no more frames should be read. */
bool pcap_is_full(const struct pcap *pcap);

#endif
