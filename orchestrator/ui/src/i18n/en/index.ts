// SPDX-License-Identifier: Apache-2.0
// English, the pattern of all languages.
import { analyst } from './analyst.js';
import { common } from './common.js';
import { operator } from './operator.js';
import { share } from './share.js';

export const en = { ...common, ...operator, ...analyst, ...share };
