// What is swapped between press and release is not clicked: changes of a page wait for the release.

let held = false;
/** @type {Set<() => void>} */
const waiting = new Set();

addEventListener("pointerdown", () => { held = true; }, true);
for (const end of ["pointerup", "pointercancel", "blur"]) {
  addEventListener(end, () => setTimeout(release), true); // after the click
}

function release() {
  held = false;
  const due = [...waiting];
  waiting.clear();
  for (const change of due) change();
}

/** Whether something on the page is pressed now. */
export const isHeld = () => held;

/** Changes the page, once nothing on it is pressed. The same function waits only once.
 * @param {() => void} change */
export function whenReleased(change) {
  if (held) waiting.add(change);
  else change();
}
