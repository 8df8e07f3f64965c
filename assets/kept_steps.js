// Going through the kept steps of a run, in ascending order; null is the newest, whichever that is.

/**
 * The kept step nearest to a step; beyond the last it is the newest.
 * @param {number[]} kept
 * @param {number} step
 * @returns {number | null}
 */
export function nearest(kept, step) {
  if (!kept.length || step >= kept.at(-1)) return null;
  let best = kept[0];
  for (const each of kept) if (Math.abs(each - step) < Math.abs(best - step)) best = each;
  return best;
}

/**
 * The kept step so many on from the one that is looked at, however far away that is.
 * @param {number[]} kept at least one
 * @param {number | null} step
 * @param {number} by negative: back
 * @returns {number | null}
 */
export function stepped(kept, step, by) {
  const last = kept.length - 1;
  const at = step === null ? last : kept.findLastIndex((each) => each <= step);
  const next = Math.max(0, at + by);
  return next >= last ? null : kept[next];
}
