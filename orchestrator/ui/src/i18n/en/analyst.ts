// SPDX-License-Identifier: Apache-2.0
// Words of the pages of the CSIRT's people.
export const analyst = {};
