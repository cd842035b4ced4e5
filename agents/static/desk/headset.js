// Whether a microphone hears anything.

const LOOK_MS = 50;

/**
 * Listen for a while. Fails when no microphone may or can be opened.
 *
 * @param {number} forMs
 * @param {(loudness: number) => void} each is told how loud it is now, 0 to 1
 * @returns {Promise<number>} the loudest moment, 0 to 1
 */
export async function loudest(forMs, each) {
  const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
  const context = new AudioContext();
  const meter = context.createAnalyser();
  context.createMediaStreamSource(stream).connect(meter);
  const samples = new Float32Array(meter.fftSize);
  let most = 0;
  for (const until = Date.now() + forMs; Date.now() < until; await pause()) {
    meter.getFloatTimeDomainData(samples);
    const loud = Math.max(...samples.map(Math.abs));
    most = Math.max(most, loud);
    each(loud);
  }
  stream.getTracks().forEach((track) => track.stop());
  await context.close();
  return most;
}

const pause = () => new Promise((resolve) => { setTimeout(resolve, LOOK_MS); });
