// SPDX-License-Identifier: Apache-2.0
import { render } from 'preact';
import { App } from './app.js';
import { applyTheme, storedTheme } from './theme.js';
import './style/tokens.css';
import './style/base.css';
import './style/layout.css';
import './style/components.css';

applyTheme(storedTheme());
render(<App />, document.getElementById('app')!);
