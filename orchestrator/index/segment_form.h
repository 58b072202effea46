/* SPDX-License-Identifier: Apache-2.0 */
/* segment_form.h - what the writer and the reader of segments share. */
#ifndef INDEX_SEGMENT_FORM_H
#define INDEX_SEGMENT_FORM_H

#include "index/segment.h"

#define SEGMENT_MAGIC	     "LOEPIDX1"
#define SEGMENT_VERSION	     1
#define SEGMENT_HEADER_BYTES ((size_t)40)
/* Stands for the directory in its nonce. */
#define SEGMENT_DIRECTORY_PAGE 0xffffffffU

void segment_nonce(
    uint64_t id, uint32_t page, uint8_t ret_nonce[SEAL_NONCE_BYTES]);
/* The tag of SEGMENT_PAGE_BYTES bytes. */
void segment_tag(struct index_keys *keys, uint64_t id, size_t page,
    const uint8_t *bytes, uint8_t ret_tag[SEGMENT_TAG_BYTES]);

#endif
