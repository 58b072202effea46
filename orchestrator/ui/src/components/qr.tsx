// SPDX-License-Identifier: Apache-2.0
// A QR code, as squares of an SVG picture.
import qrcode from 'qrcode-generator';

/** Four modules of light around it, as ISO/IEC 18004 wants. */
const QUIET = 4;

export function Qr(props: { text: string; label: string }) {
  const code = qrcode(0, 'M');

  code.addData(props.text);
  code.make();
  const count = code.getModuleCount();
  const size = count + 2 * QUIET;
  let d = '';
  for (let y = 0; y < count; y++)
    for (let x = 0; x < count; x++)
      if (code.isDark(y, x)) d += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
  return (
    <svg
      class="qr"
      viewBox={`0 0 ${size} ${size}`}
      role="img"
      aria-label={props.label}
      shape-rendering="crispEdges"
    >
      <rect width={size} height={size} fill="#fff" />
      <path d={d} fill="#000" />
    </svg>
  );
}
