/**
 * Compares two strings by their UTF-8 bytes, without encoding them: negative, zero or positive. JavaScript's own
 * order is that of UTF-16 units, which puts the characters beyond U+FFFF before those from U+E000.
 */
export function compareBytes(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    const left = a.charCodeAt(at);
    const right = b.charCodeAt(at);
    if (left !== right) return inCodePointOrder(left) - inCodePointOrder(right);
  }
  return a.length - b.length;
}

// Surrogates stand for code points above all others; moving them past U+FFFF gives the order of code points, which
// is that of UTF-8.
function inCodePointOrder(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
