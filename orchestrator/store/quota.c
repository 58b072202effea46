/* SPDX-License-Identifier: Apache-2.0 */
/* quota.c - what an organisation may still store. */
#include "store/quota.h"

#include <inttypes.h>

int
quota_check(struct request *r, const char *org, int64_t bytes)
{
	AUTO(query) q = {0};
	int64_t bytes_max, uploads_max, stored, uploads, coming;
	int err = query_one(&q, r->store->db, STMT_QUOTA,
	    ARGS(WHO(r), val_text(org), val_int(r->store->quota_bytes),
		val_int(r->store->quota_uploads)));

	if (err != ERR_OK)
		return err;
	/* In a crisis those who come first send what they have. */
	if (r->store->mode.is_on && query_int(&q, 5) == 1)
		return ERR_OK;
	bytes_max = query_int(&q, 0);
	uploads_max = query_int(&q, 1);
	stored = query_int(&q, 2);
	uploads = query_int(&q, 3);
	coming = query_int(&q, 4);
	if (uploads_max > 0 && uploads >= uploads_max)
		return request_why(r, ERR_LIMIT,
		    "the organisation has %" PRId64
		    " uploads open, which is as many as it may have; finish "
		    "or delete one",
		    uploads);
	/* At the limit not even a file of unknown size is begun. */
	if (bytes_max > 0 &&
	    (stored > bytes_max || coming > bytes_max - stored ||
		bytes > bytes_max - stored - coming ||
		(bytes == 0 && coming == bytes_max - stored)))
		return request_why(r, ERR_LIMIT,
		    "the organisation may store %" PRId64 " bytes; %" PRId64
		    " are stored, %" PRId64
		    " are on their way, and this file has %" PRId64,
		    bytes_max, stored, coming, bytes);
	return ERR_OK;
}
