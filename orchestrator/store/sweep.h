/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sweep.h - blobs that the vault has and no row knows.
 *
 * A crash between the vault's link of a blob and our row of it leaves one
 * that nothing refers to: nobody was told that it is stored.  At the start and
 * then once a period the vault is asked for its lists, page by page and
 * organisation by organisation.  What is unknown gets a row that is unused,
 * and goes the way of all unused blobs (blob.h), which keeps clear of a commit
 * of the same bytes.
 */
#ifndef STORE_SWEEP_H
#define STORE_SWEEP_H

#include "store/vault.h"

struct store;

struct sweep {
	int64_t period_us; /* 0 = never */
	int64_t age_s;	   /* the least age of what is swept */
	int64_t next_at;
	bool is_running;
	size_t found;	    /* in this sweep */
	struct blob_ref at; /* where it is */
};

/* Begins a sweep when it is time for one; from the tick. */
void sweep_due(struct store *store);

#endif
