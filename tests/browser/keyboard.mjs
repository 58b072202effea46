// SPDX-License-Identifier: Apache-2.0
// Using pages with the keyboard alone.
import { painted, settle } from './lib.mjs';

/** What has the focus, by the name that one hears. */
export function focused(page) {
  return page.evaluate(() => {
    const e = document.activeElement;
    if (!e || e === document.body) return '';
    return (
      e.getAttribute('aria-label') ??
      e.labels?.[0]?.textContent ??
      e.textContent ??
      ''
    ).trim();
  });
}

/**
 * Presses Tab until what has the focus begins with `what` (text) or matches
 * it; says which presses it took when it is not reached.
 */
export async function tabTo(page, what, most = 120) {
  const seen = [];
  const fits = (text) =>
    what instanceof RegExp ? what.test(text) : text.startsWith(what);

  for (let i = 0; i < most; i++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (fits(at)) {
      const ring = await page.evaluate(() => {
        const e = document.activeElement;
        const style = getComputedStyle(e);
        // In a picture the mark itself changes.
        return e instanceof SVGElement || style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      });
      if (!ring) throw new Error(`${what}: one does not see the focus`);
      return;
    }
    seen.push(at.slice(0, 30));
  }
  throw new Error(`the keyboard does not reach ${what}: ${seen.join(' | ')}`);
}

/** Presses `key` until what has the focus matches `what`. */
export async function walkTo(page, key, what, most = 60) {
  for (let i = 0; i < most; i++) {
    if (what.test(await focused(page))) return;
    await page.keyboard.press(key);
    await painted(page);
  }
  throw new Error(`${key} does not reach ${what}`);
}

/** Tab to it, then Enter. */
export async function press(user, what) {
  await tabTo(user.page, what);
  await user.page.keyboard.press('Enter');
  await settle(user);
}

/** Tab to a field, then the text. */
export async function type(user, field, text) {
  await tabTo(user.page, field);
  await user.page.keyboard.type(text);
}

/** Tab to a list of choices, then its option by the first letters. */
export async function choose(user, field, option) {
  await tabTo(user.page, field);
  await user.page.keyboard.type(option);
}

/**
 * What can be clicked on and is out of reach of the keyboard: [tag.class].
 * Preact keeps the listeners of an element in `l`.
 */
export function outOfReach(page) {
  return page.evaluate(() => {
    const native = 'a[href], button, input, select, textarea, summary, label, option';
    const listens = (e, what) =>
      Object.keys(e.l ?? {}).some((n) => n.toLowerCase().startsWith(what));
    const isTyped = (e) => e && (listens(e, 'keydown') || isTyped(e.parentElement));
    // A picture has the same as a table.
    // Of these the whole has the focus, and keys walk in it.
    const isPart = (e) => e.closest('[role=tree], [role=application]');
    const inTable = (e) => e.closest('figure.figure')?.querySelector('figcaption button');
    const bad = [];
    let listeners = 0;

    for (const e of document.querySelectorAll('body *')) {
      if (listens(e, 'click')) {
        listeners++;
        const isReached = e.hasAttribute('tabindex') && isTyped(e);
        if (!e.matches(native) && !isReached && !inTable(e) && !isPart(e))
          bad.push(`${e.tagName}.${e.getAttribute('class')}`);
      }
      // Names of attributes are spelt as they are there.
      if (e instanceof SVGElement && e.hasAttribute('tabIndex'))
        bad.push(`tabIndex in a picture: ${e.tagName}`);
      if (e.tabIndex > 0) bad.push(`tabindex ${e.tabIndex}: ${e.tagName}`);
    }
    return { listeners, bad };
  });
}
