/* SPDX-License-Identifier: Apache-2.0 */
/* metrics.h - GET /metrics as text that Prometheus reads. */
#ifndef WEB_METRICS_H
#define WEB_METRICS_H

#include "web/exchange.h"

/*
 * Asks the store and answers: OpenMetrics 1.0 where the client accepts
 * application/openmetrics-text, else Prometheus' text format 0.0.4.
 */
void metrics_start(struct exchange *x);

#endif
