// SPDX-License-Identifier: Apache-2.0
// One's own account.
import { Facts } from '../components/basic.js';
import { Page, type PageProps } from '../components/page.js';
import { useT } from '../i18n/index.js';
import { useSession } from '../session.js';

export default function AccountPage(_: PageProps) {
  const t = useT();
  const { me } = useSession();
  return (
    <Page title={t.account.title}>
      <Facts items={[[t.account.name, me.name]]} />
    </Page>
  );
}
