/**
 * A duration in its largest sensible unit.
 * @param {number} seconds
 */
export function age(seconds) {
  if (seconds < 120) return `${Math.max(0, Math.round(seconds))} s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)} min`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)} h` : `${Math.floor(seconds / 86_400)} days`;
}

/**
 * An ISO time as records have it, without what nobody reads.
 * @param {string | null} iso
 */
export function time(iso) {
  return iso === null ? '–' : iso.replace('T', ' ').replace(/(\.\d+)?Z$/, ' UTC');
}

/**
 * A number with four significant digits at most.
 * @param {number} value
 */
export function number(value) {
  return (Number.isInteger(value) ? value : Number(value.toPrecision(4))).toLocaleString('en-GB', {
    maximumSignificantDigits: 15,
  });
}

/** @param {number} perSecond */
export function rate(perSecond) {
  return `${Number(perSecond.toPrecision(3)).toLocaleString('en-GB')}/s`;
}

/** @param {number} share */
export function percent(share) {
  return `${(share * 100).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`;
}
