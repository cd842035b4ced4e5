// The picture of a recording: a waveform for each speaker, drawn from stored peaks, a scale of
// times, and marks on it.

const STEPS_S = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1200, 1800, 3600];

/** `3:07`, and `1:03:07` from an hour on. @param {number} seconds */
export function clock(seconds) {
  const whole = Math.max(0, Math.floor(seconds));
  const hours = Math.floor(whole / 3600);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  const [minutes, rest] = [Math.floor(whole / 60), two(whole % 60)];
  return hours ? `${hours}:${two(minutes % 60)}:${rest}` : `${minutes}:${rest}`;
}

/**
 * @param {HTMLElement} root
 * @param {HTMLAudioElement} media
 * @param {number[][]} peaks one row for each channel
 * @param {number} duration seconds
 */
export function draw(root, media, peaks, duration) {
  const colours = () => coloursOf(root, peaks.length);
  const wave = WaveSurfer.create({
    container: /** @type {HTMLElement} */ (root.querySelector("#wave")),
    media,
    peaks,
    duration,
    height: innerWidth < 640 ? 40 : 56,
    barWidth: 2,
    barGap: 1,
    barRadius: 2,
    normalize: true,
    maxPeak: Math.max(0.05, ...peaks.map((channel) => Math.max(...channel))),
    cursorWidth: 2,
    dragToSeek: true,
    cspNonce: root.dataset.nonce,
    ...colours(),
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => wave.setOptions(colours()));
  drawTimes(/** @type {HTMLElement} */ (root.querySelector("#ticks")), duration);
  return wave;
}

/** What the stylesheet says now, light or dark. @param {HTMLElement} root @param {number} channels */
function coloursOf(root, channels) {
  const style = getComputedStyle(root);
  const colour = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return {
    cursorColor: colour("--cursor"),
    splitChannels: ["caller", "line"].slice(0, channels).map((speaker) => ({
      progressColor: colour(`--${speaker}`),
      waveColor: colour(`--${speaker}-soft`),
    })),
  };
}

/** @param {HTMLElement} row @param {number} duration seconds */
function drawTimes(row, duration) {
  const most = Math.max(2, Math.floor(row.clientWidth / 70));
  const step = STEPS_S.find((seconds) => duration / seconds <= most) || 3600;
  for (let at = 0; at < duration - step / 3; at += step) {
    const tick = document.createElement("span");
    tick.textContent = clock(at);
    tick.style.left = `${(100 * at) / duration}%`;
    row.append(tick);
  }
}

/** Show moments as marks. @param {Element | null} row @param {number[]} times @param {number} duration */
export function mark(row, times, duration) {
  row?.replaceChildren(...times.map((at) => {
    const place = document.createElement("i");
    place.style.left = `${(100 * at) / duration}%`;
    return place;
  }));
}
